import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { PayloadCodec } from '@temporalio/common'
import { parsePayloads, printPayloads } from './codecMessages.ts'
import { ConfigError } from './config.ts'
import { listenAt } from './listenAt.ts'
import { isLoopback } from './loopback.ts'
import { UnreadablePayloadError } from './payloadCodec.ts'

export interface CodecServerOptions {
  codec: PayloadCodec
  host: string
  /** 0: any free port. */
  port: number
  /** Where pages may come from that ask: the Web UI's address. */
  origins: readonly string[]
  /** The bearer token that is asked for; null: none, on the loopback only. */
  token: string | null
}

export interface CodecServer {
  /** What `--codec-endpoint` and the Web UI are told. */
  url: string
  /** Answers what was asked before, and ends. */
  close(): Promise<void>
}

/** Above what Temporal hands out in one piece, in base64. */
const MAX_BODY_BYTES = 16 * 2 ** 20
const CLOSE_MS = 2_000

class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Decrypts and encrypts payloads for Temporal's Web UI and command line: POST to `…/decode` and `…/encode`, as Temporal's
 * remote codec protocol has it, and `/livez`. Who can ask it can read every prompt, so it is for the loopback, or has a token.
 * Throws ConfigError, or what hinders it from listening.
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { codec, host, port, token } = options
  if (token === null && !isLoopback(host)) {
    throw new ConfigError(
      `CODEC_TOKEN: needed to serve on ${host}, as whoever can ask the codec server can read every prompt`,
    )
  }
  const origins = new Set(options.origins.flatMap(spellings))

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy()
      if (error instanceof Refusal) return send(response, error.status, { error: error.message })
      if (error instanceof UnreadablePayloadError) return send(response, 400, { error: error.message })
      send(response, 500, { error: 'unexpected error' })
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://codec')
    if (request.method === 'GET' && pathname === '/livez') return send(response, 200, { status: 'ok' })
    const { origin } = request.headers
    if (origin !== undefined) {
      response.setHeader('vary', 'origin')
      // Also keeps a page away that has had its own name resolved to the loopback.
      if (!origins.has(origin)) throw new Refusal(403, 'pages of this origin may not ask: see --origin')
      response.setHeader('access-control-allow-origin', origin)
    }
    // The namespace may stand in front.
    const [, way] = /\/(encode|decode)$/.exec(pathname) ?? []
    if (way === undefined) throw new Refusal(404, 'POST to /encode or /decode')
    if (request.method === 'OPTIONS') return preflight(response)
    if (request.method !== 'POST') throw new Refusal(405, 'POST only')
    if (token !== null && !isToken(request.headers.authorization, token)) {
      throw new Refusal(401, 'the bearer token of CODEC_TOKEN is needed')
    }
    const payloads = parsePayloads(await readBody(request))
    if (payloads === null) throw new Refusal(400, 'the body is no JSON of payloads')
    const done = way === 'encode' ? await codec.encode(payloads) : await codec.decode(payloads)
    send(response, 200, printPayloads(done))
  }

  return {
    url: await listenAt(server, { host, port }),
    async close() {
      const closed = new Promise(done => server.close(done))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

function preflight(response: ServerResponse): void {
  response
    .writeHead(204, {
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, x-namespace, authorization',
      'access-control-max-age': '600',
    })
    .end()
}

/** The loopback has two names, and a browser's address bar decides which one is the origin. */
function spellings(url: string): string[] {
  const { origin } = new URL(url)
  return [
    origin,
    origin.replace('//127.0.0.1', '//localhost'),
    origin.replace(/\/\/localhost(?=:|$)/, '//127.0.0.1'),
  ]
}

/** In a time that tells nothing about the token. */
function isToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, `more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
}
