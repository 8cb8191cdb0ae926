import { type ExecaError, execa, type Result } from 'execa'
import type { Lane } from '../../jobs/jobTypes.ts'
import { type Command, type EngineEvent, eventSchema } from '../protocol.ts'

export type Event<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>

/** A bare parent of an inference program: sends commands, keeps every event, grants turns when it is told to. */
export interface BareParent {
  events: EngineEvent[]
  /** Lines on stdout that are no events. */
  noise: string[]
  /** Several in one write reach the program together: it does nothing of its own between them. */
  send(...commands: Command[]): void
  sendLine(line: string): void
  /** The first event that fits, past ones included. Rejects when the program ends without it. */
  until<Type extends EngineEvent['type']>(
    type: Type,
    fits?: (event: Event<Type>) => boolean,
  ): Promise<Event<Type>>
  closeStdin(): void
  kill(): void
  exited: Promise<{ exitCode: number | undefined; signal: string | undefined; stderr: string }>
}

export interface BareParentOptions {
  command: string
  args: readonly string[]
  /** Grants whoever wants, one lane at a time, first come; or only while it says so. */
  grant?: boolean | (() => boolean)
  env?: Record<string, string>
  onEvent?: (event: EngineEvent) => void
  /** The program is killed after this. */
  limitMs?: number
}

/** Starts a program with a bare parent. */
export function startWithBareParent(options: BareParentOptions): BareParent {
  const subprocess = execa(options.command, options.args, {
    env: options.env ?? {},
    extendEnv: false,
    reject: false,
    buffer: { stdout: false, stderr: true },
    timeout: options.limitMs ?? 60_000,
    killSignal: 'SIGKILL',
  })
  const events: EngineEvent[] = []
  const noise: string[] = []
  const listeners = new Set<(event: EngineEvent | null) => void>()
  const { grant = false } = options
  const mayGrant = typeof grant === 'function' ? grant : () => grant
  const laneOf = new Map<string, Lane>()
  const line: Lane[] = []
  let holder: Lane | null = null

  function send(...commands: Command[]): void {
    for (const command of commands) if (command.type === 'generate') laneOf.set(command.id, command.lane)
    subprocess.stdin.write(commands.map(command => `${JSON.stringify(command)}\n`).join(''))
  }

  function passTurn(event: EngineEvent): void {
    if (event.type === 'want' || event.type === 'yielded') line.push(event.lane)
    if (event.type === 'yielded' || event.type === 'released') holder = null
    if (event.type === 'cancelled' || event.type === 'failed') forget(event.id)
    if (holder !== null) return
    holder = line.shift() ?? null
    if (holder !== null) send({ type: 'grant', lane: holder })
  }

  /** A job that ended while its lane waited for a turn, or held one. */
  function forget(id: string): void {
    const lane = laneOf.get(id)
    if (lane === undefined) return
    if (holder === lane) holder = null
    const place = line.indexOf(lane)
    if (place >= 0) line.splice(place, 1)
  }

  function hear(text: string): void {
    const event = parse(text)
    if (event === null) {
      noise.push(text)
      return
    }
    events.push(event)
    if (mayGrant()) passTurn(event)
    options.onEvent?.(event)
    for (const listener of listeners) listener(event)
  }

  const reading = (async () => {
    for await (const text of subprocess.iterable({ from: 'stdout' })) hear(text)
  })().catch(() => undefined)

  const exited = (async () => {
    const result: Result | ExecaError = await subprocess
    await reading
    for (const listener of listeners) listener(null)
    return { exitCode: result.exitCode, signal: result.signal, stderr: String(result.stderr) }
  })()

  return {
    events,
    noise,
    send,
    sendLine: text => void subprocess.stdin.write(`${text}\n`),
    async until(type, fits = () => true) {
      const matches = (event: EngineEvent): event is Event<typeof type> => event.type === type
      const past = events.filter(matches).find(fits)
      if (past !== undefined) return past
      const { promise, resolve, reject } = Promise.withResolvers<Event<typeof type>>()
      const listener = (event: EngineEvent | null) => {
        if (event === null)
          reject(new Error(`the program ended before ${type}: ${JSON.stringify(events.slice(-5))}`))
        else if (matches(event) && fits(event)) resolve(event)
      }
      listeners.add(listener)
      try {
        return await promise
      } finally {
        listeners.delete(listener)
      }
    },
    closeStdin: () => void subprocess.stdin.end(),
    kill: () => void subprocess.kill('SIGKILL'),
    exited,
  }
}

function parse(text: string): EngineEvent | null {
  try {
    return eventSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
