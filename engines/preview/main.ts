import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openChannel } from './channel.ts'
import { openJournal } from './journal.ts'
import { warmUp } from './picture/warmUp.ts'
import { createProgram } from './program.ts'

/** Longest wait for jobs to let go of their files before the process ends anyway. */
const STOP_MS = 2_000

const channel = openChannel()
const { values } = parseArgs({
  options: {
    /** Simulated seconds for each expected second of the card; 0: as fast as it can. */
    speed: { type: 'string', default: '0' },
    /** The program that makes videos. */
    ffmpeg: { type: 'string', default: 'ffmpeg' },
    /** A file to append to what it does, for an audit. */
    log: { type: 'string' },
  },
})
const speed = Number(values.speed)
if (!(speed >= 0 && speed < Infinity)) throw new Error(`--speed: not a factor: ${values.speed}`)

const program = createProgram({
  channel,
  journal: openJournal(values.log ?? null),
  speed,
  ffmpeg: values.ffmpeg,
  warmUp,
  exit: code => void end(code),
})

program.greet()
for await (const command of channel.commands(program.malformed)) program.handle(command)
// The parent has closed our stdin, or died.
await end(0)

async function end(code: number): Promise<never> {
  await Promise.race([program.stop(), setTimeout(STOP_MS)])
  return process.exit(code)
}
