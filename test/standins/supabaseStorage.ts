import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { badGateway, foreignAnswers, refusal, type StorageAnswer } from './storageAnswers.ts'
import { createFaultPlan, type Fault, type FaultPlan } from './storageFaults.ts'
import { answerObjects, type BucketRules, type StorageRequest, type StorageState } from './storageObjects.ts'
import { createTusUploads } from './storageTus.ts'

export interface StorageStandIn extends StorageState {
  /** The project's URL, as SUPABASE_URL holds it. */
  url: string
  key: string
  /** Every request that came, faults included. */
  requests: { method: string; path: string }[]
  failNext: FaultPlan['failNext']
  close(): Promise<void>
}

/** A Supabase project of which only the storage answers, as storage 1.11 was seen to, with faults on demand. */
export async function startSupabaseStorage(
  options: {
    buckets?: Record<string, BucketRules>
    key?: string
    port?: number
    /** Where the objects are kept; in memory by default. */
    objects?: StorageState['objects']
    /** How long each answer takes at least. */
    latencyMs?: (request: IncomingMessage) => number
  } = {},
): Promise<StorageStandIn> {
  const key = options.key ?? 'service-role-key'
  const state: StorageState = {
    buckets: new Map(Object.entries(options.buckets ?? {})),
    objects: options.objects ?? new Map(),
  }
  const faults = createFaultPlan()
  const requests: StorageStandIn['requests'] = []
  let url = ''
  const answerTus = createTusUploads(state, () => url)

  async function route(request: StorageRequest): Promise<StorageAnswer> {
    const opened =
      request.method === 'GET' ? request.path.replace(/^object\/(sign|public)\//, 'object/') : request.path
    const openly = opened !== request.path
    if (!openly && request.headers.authorization !== `Bearer ${key}`) return refusal('AccessDenied')
    if (opened.includes('../')) return refusal('InvalidRequest')
    if (opened.startsWith('upload/resumable')) return answerTus(request)
    return await answerObjects(state, { ...request, path: opened })
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = incoming.method ?? ''
    const [rawPath = '', query = ''] = (incoming.url ?? '').split('?')
    const path = decodeURIComponent(rawPath).replace(/^\/storage\/v1\//, '')
    requests.push({ method, path })
    const fault = faults.take(method)
    if (await endsBeforeReading(fault, incoming, response)) return
    const body = await readAll(incoming)
    if (options.latencyMs) await wait(options.latencyMs(incoming))
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'badGateway') return reply(response, badGateway)
    if (fault?.kind === 'foreign') return reply(response, foreignAnswers[fault.code])
    if (fault?.kind === 'echo') {
      const said = JSON.stringify(incoming.headers)
      return reply(response, { status: 400, body: { statusCode: '400', error: said, message: said } })
    }
    if (fault?.kind === 'refuse') return reply(response, refusal(fault.code))
    const answer = await route({
      method,
      path,
      query: new URLSearchParams(query),
      headers: incoming.headers,
      body,
    })
    if (fault?.kind === 'answerLost') incoming.socket.destroy()
    else reply(response, answer)
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(error => {
      if (!response.headersSent) reply(response, { status: 500, body: String(error) })
    })
  })
  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  url = `http://127.0.0.1:${address.port}`
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { ...state, url, key, requests, failNext: faults.failNext, close }
}

/** Plays the faults that come before the body is read. True when nothing is left to do. */
async function endsBeforeReading(
  fault: Fault | null,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  switch (fault?.kind) {
    case 'slow':
      await wait(fault.delayMs)
      return false
    case 'reset':
      incoming.socket.destroy()
      return true
    case 'halfOpen':
      incoming.socket.pause()
      return true
    case 'earlyAnswer':
      reply(response, refusal('EntityTooLarge'))
      incoming.socket.pause()
      return true
    default:
      return false
  }
}

function reply(response: ServerResponse, { status, body, headers = {} }: StorageAnswer): void {
  const type = typeof body === 'string' ? 'text/plain' : 'application/json'
  response.writeHead(status, { 'content-type': type, ...headers })
  if (body === undefined) response.end()
  else response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks)
}
