import { createInterface } from 'node:readline'
import { type Command, commandSchema, type EngineEvent } from '../protocol.ts'

/** This program's end of the protocol: events out on stdout, commands in on stdin. */
export interface Channel {
  send(event: EngineEvent): void
  /** Not an event: for a simulated flood. */
  noise(text: string): void
  /** From now on nothing is sent and no command is heard. */
  fallSilent(): void
  /** Commands in their order, until stdin ends. A line that is none goes to `onMalformed`. */
  commands(onMalformed: (line: unknown) => void): AsyncIterable<Command>
}

/** Takes stdout for itself: whatever else writes to it from now on, `console.log` included, ends up on stderr. */
export function openChannel(): Channel {
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  // The parent is gone; the end of stdin says so too, but may come later.
  process.stdout.on('error', () => process.exit(0))
  let silent = false
  return {
    send(event) {
      if (!silent) write(`${JSON.stringify(event)}\n`)
    },
    noise: text => void write(text),
    fallSilent() {
      silent = true
    },
    async *commands(onMalformed) {
      for await (const line of createInterface({ input: process.stdin })) {
        if (silent) continue
        const value = parseJson(line)
        const command = commandSchema.safeParse(value)
        if (command.success) yield command.data
        else onMalformed(value)
      }
    },
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
