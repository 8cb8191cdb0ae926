import { createServer, type IncomingMessage } from 'node:http'
import { acceptedAnswer, readCallback, refusedAnswer } from '../../dev/callbackAnswer.ts'
import { listenAt } from '../../runtime/listenAt.ts'
import { nowMs } from './clock.ts'
import { COSTS } from './costs.ts'
import { pass } from './pause.ts'

export interface CallbackArrival {
  jobId: string
  status: 'processing' | 'completed' | 'failed'
  /** Bench's clock, when the request had come. */
  atMs: number
  assets: string[]
  errorMessage: string | null
}

export interface BenchReceiver {
  url: string
  arrivals: CallbackArrival[]
  onArrival: (arrival: CallbackArrival) => void
  close(): Promise<void>
}

/** The app's function that takes callbacks: it answers as the real one does, and takes its time. */
export async function startReceiver(scale: number): Promise<BenchReceiver> {
  const arrivals: CallbackArrival[] = []
  const receiver: BenchReceiver = {
    url: '',
    arrivals,
    onArrival: () => {},
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  })

  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const atMs = nowMs()
    const read = readCallback(Buffer.concat(chunks).toString('utf8'))
    if (!read.ok) return { status: 400, body: refusedAnswer(read.problem) }
    const { job_id: jobId, status, assets = [], error_message: errorMessage = null } = read.callback
    const arrival = { jobId, status, atMs, assets, errorMessage }
    arrivals.push(arrival)
    receiver.onArrival(arrival)
    await pass(COSTS.receiverSeconds, scale)
    return { status: 200, body: acceptedAnswer(read.callback) }
  }

  const url = await listenAt(server, { host: '127.0.0.1', port: 0 })
  receiver.url = `${url}/functions/v1/job-callback`
  return receiver
}
