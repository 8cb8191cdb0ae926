import { createInterface } from 'node:readline'
import { type Command, commandSchema, PROTOCOL_VERSION } from '../../engines/protocol.ts'
import type { Lane } from '../../jobs/jobTypes.ts'
import { HOSTILE_ENGINES } from './corpus/engineMessages.ts'

/** An inference program that acts out the entry of the corpus that a job's `simulate` names, or writes what stands behind `raw:`. */
const {
  GOOD_PICTURE: goodPicture = '',
  OTHERS_PICTURE: othersPicture = '',
  OTHERS_SHA256: othersSha256 = '',
} = process.env
const granted = new Map<Lane, () => void>()

const write = (bytes: string | Uint8Array) => void process.stdout.write(bytes)
const say = (event: Record<string, unknown>) => write(`${JSON.stringify(event)}\n`)

function act(command: Extract<Command, { type: 'generate' }>): void {
  const { id, lane, job, outDir } = command
  const script = job.simulate ?? ''
  const scene = {
    command,
    outDir: outDir ?? '',
    goodPicture,
    othersPicture,
    othersSha256,
    say,
    write,
    pause: (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms)),
    turn: () =>
      new Promise<void>(resolve => {
        granted.set(lane, resolve)
        say({ type: 'want', lane, id })
      }),
  }
  if (script.startsWith('raw:')) write(Buffer.from(script.slice(4), 'base64'))
  else void HOSTILE_ENGINES.find(({ name }) => name === script)?.act(scene)
}

function obey(command: Command): void {
  switch (command.type) {
    case 'init':
      say({ type: 'ready', models: [], memory: { reservedMiB: 0, totalMiB: 1_000 } })
      break
    case 'generate':
      act(command)
      break
    case 'cancel':
      say({ type: 'cancelled', id: command.id })
      break
    case 'grant':
      granted.get(command.lane)?.()
      break
    case 'ping':
      say({ type: 'pong' })
      break
    case 'shutdown':
      process.exit(0)
  }
}

const device = `paper\u001b[2J${'x'.repeat(100_000)}`
say({ type: 'hello', v: PROTOCOL_VERSION, pid: process.pid, device, name: 'hostile', version: '1' })
createInterface({ input: process.stdin })
  .on('line', line => obey(commandSchema.parse(JSON.parse(line))))
  .on('close', () => process.exit(0))
