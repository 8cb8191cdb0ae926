/** The app of a run, as a process of its own: `node receiverProcess.ts <evidence folder>`. What came is written when it has been answered. */
import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ReceivedLine } from '../audit/evidence.ts'

const [evidence = ''] = process.argv.slice(2)

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request)
  const at = new Date().toISOString()
  if (request.url === '/metrics') return void response.end('{"success":true}')
  const ended = new Promise(resolve => response.once('close', resolve))
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"success":true}')
  await ended
  const line: ReceivedLine = {
    at,
    endedAt: new Date().toISOString(),
    headers: Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        value === undefined || name === 'authorization' ? [] : [[name, String(value)]],
      ),
    ),
    body,
    processed: true,
    answer: response.writableFinished ? 200 : 'cut',
  }
  appendFileSync(join(evidence, 'receiver.jsonl'), `${JSON.stringify(line)}\n`)
  console.log(JSON.stringify({ body }))
}

const server = createServer((request, response) => {
  receive(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}` }))
})
process.stdin.resume().once('end', () => process.exit(0))
