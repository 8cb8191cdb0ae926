import { appendFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { listenAt } from '../runtime/listenAt.ts'
import {
  acceptedAnswer,
  type ReadCallback,
  type ReceivedCallback,
  readCallback,
  refusedAnswer,
} from './callbackAnswer.ts'
import { type Delivery, type DeliveryLog, openDeliveryLog } from './deliveryLog.ts'
import { type AssetLinks, deliveryPage } from './deliveryPage.ts'
import { type Answer, type Behaviour, behaveAs, sendJson } from './receiverBehaviour.ts'

export interface CallbackReceiverOptions {
  /** Any free one by default. */
  port?: number
  /** Folder for `callbacks.jsonl` and `usage.jsonl`; in memory only by default. */
  directory?: string
  /** The bearer token that deliveries must carry; any or none by default. */
  token?: string
  /** Decides for each delivery; `ok` by default. */
  behave?: (delivery: Delivery) => Behaviour
  /** Finds the assets of a callback, for the page. */
  linksOf?: (callback: ReceivedCallback) => Promise<AssetLinks>
}

export interface CallbackReceiver {
  /** The page that shows what came. */
  url: string
  /** CALLBACK_URL. */
  callbackUrl: string
  /** METRICS_URL. */
  metricsUrl: string
  log: Pick<DeliveryLog, 'deliveries' | 'overlaps' | 'jobs' | 'job'>
  /** Usage records in the order of arrival. */
  usage: readonly unknown[]
  /** Resolves when what came is written. */
  close(): Promise<void>
}

const CALLBACK_PATH = '/functions/v1/job-callback'

/** Stands for the app: takes callbacks and usage records as its functions do, keeps them, and shows them on a page. */
export async function startCallbackReceiver(
  options: CallbackReceiverOptions = {},
): Promise<CallbackReceiver> {
  const { directory, token, behave = () => 'ok', linksOf = async () => [] } = options
  const log = await openDeliveryLog(directory === undefined ? null : join(directory, 'callbacks.jsonl'))
  const usage: unknown[] = []
  const stopped = new AbortController()
  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (!response.headersSent) sendJson(response, 400, refusedAnswer(String(error)))
      else response.destroy()
    })
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const job = /^\/jobs\/([0-9a-f-]{36})$/.exec(path)?.[1]
    if (request.method === 'POST' && path === CALLBACK_PATH) return receive(request, response)
    if (request.method === 'POST' && path === '/metrics') return keepUsage(request, response)
    if (request.method === 'GET' && path === '/') return showPage(response)
    const received = request.method === 'GET' && job !== undefined ? log.job(job) : null
    if (received !== null) return sendJson(response, 200, received)
    sendJson(response, 404, { error: 'not found', success: false })
  }

  async function showPage(response: ServerResponse): Promise<void> {
    const jobs = await Promise.all(log.jobs().map(async job => ({ job, links: await linksOf(job.last) })))
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(deliveryPage(jobs))
  }

  async function keepUsage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record: unknown = JSON.parse(await text(request))
    usage.push(record)
    if (directory !== undefined) {
      await appendFile(join(directory, 'usage.jsonl'), `${JSON.stringify(record)}\n`)
    }
    sendJson(response, 200, { success: true })
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      return sendJson(response, 401, { error: 'the bearer token is not the one expected', success: false })
    }
    const read = readCallback(body)
    const delivery = log.begin({
      jobId: read.ok ? read.callback.job_id : null,
      status: read.ok ? read.callback.status : null,
      webhookId: headerOf(request, 'webhook-id'),
      sequence: numberOf(headerOf(request, 'webhook-sequence')),
      headers: headersOf(request),
      body,
      behaviour: 'ok',
    })
    const behaviour = behave(delivery)
    delivery.behaviour = typeof behaviour === 'string' ? behaviour : behaviour.kind
    const closed = new Promise(resolve => response.once('close', resolve))
    const process = () => take(delivery, read)
    await behaveAs(behaviour, { response, process, path: CALLBACK_PATH, signal: stopped.signal })
    await closed
    delivery.answered = response.writableFinished ? response.statusCode : null
    log.end(delivery)
  }

  function take(delivery: Delivery, read: ReadCallback): Answer {
    if (!read.ok) return { status: 400, body: refusedAnswer(read.problem) }
    log.process(delivery, read.callback)
    return { status: 200, body: acceptedAnswer(read.callback) }
  }

  const url = await listenAt(server, { host: '127.0.0.1', port: options.port ?? 0 })
  return {
    url,
    callbackUrl: `${url}${CALLBACK_PATH}`,
    metricsUrl: `${url}/metrics`,
    log,
    usage,
    async close() {
      stopped.abort()
      const closed = new Promise(done => server.close(done))
      server.closeAllConnections()
      await closed
      await log.flush()
    },
  }
}

function headerOf(request: IncomingMessage, name: string): string | null {
  return headersOf(request)[name] ?? null
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || name === 'authorization' ? [] : [[name, String(value)]],
  )
  return Object.fromEntries(entries)
}

function numberOf(text: string | null): number | null {
  const value = Number(text ?? Number.NaN)
  return Number.isFinite(value) ? value : null
}
