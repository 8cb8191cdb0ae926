/** The simulated card as a program: `node main.ts <socket> <scale>`. It ends with its standard input. */
import { createServer, type Socket } from 'node:net'
import { nowMs } from '../clock.ts'
import { onJsonLines } from '../jsonLines.ts'
import { createCard } from './card.ts'
import { type CardAnswer, requestSchema } from './messages.ts'

const [path = '', scaleText = ''] = process.argv.slice(2)
const scale = Number(scaleText)
if (!(scale > 0)) throw new Error(`not a scale: ${scaleText}`)
const card = createCard(nowMs)

function serve(socket: Socket): void {
  let client = 'unknown'
  const stops = new Map<number, () => void>()
  const say = (answer: CardAnswer) => {
    if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`)
  }
  onJsonLines(socket, value => {
    const request = requestSchema.parse(value)
    switch (request.type) {
      case 'hello':
        client = request.client
        return
      case 'compute': {
        const { id, jobId, seconds } = request
        const onOver = (computedMs: number) => {
          stops.delete(id)
          say({ type: 'done', id, seconds: computedMs / 1000 / scale })
        }
        const stop = card.compute({ jobId, client, neededMs: seconds * scale * 1000, onOver })
        stops.set(id, stop)
        return
      }
      case 'stop':
        // Too late: it is over, and its answer is on the way.
        stops.get(request.id)?.()
        return
      case 'uses':
        say({ type: 'uses', uses: card.takeUses(), active: card.active() })
    }
  })
  // The driver frees what a dead program had under way.
  const leave = () => {
    for (const stop of stops.values()) stop()
  }
  socket.on('error', () => {}).once('close', leave)
}

const server = createServer(socket => serve(socket))
server.listen(path, () => process.stdout.write('ready\n'))
process.stdin.resume().once('end', () => process.exit(0))
