import type { Logger } from 'pino'
import type { Lane } from '../jobs/jobTypes.ts'
import type { ProgramInfo, ProgramLink, TaskEvent } from './engineRun.ts'
import { type DeathReason, deathFailure, type ProgramDeath } from './programDeath.ts'
import { parseEventLine } from './programEvents.ts'
import { type ProgramCommand, spawnProgram } from './programProcess.ts'
import { createPromptCensor } from './promptCensor.ts'
import { type Command, type EngineEvent, PROTOCOL_VERSION } from './protocol.ts'
import { createSilenceWatch } from './silenceWatch.ts'

/** A program that writes more lines than this that are no events is not the program we think it is. */
const MAX_MALFORMED_LINES = 20
/** A warning may bring the trace of a failure, or what a thread was doing. */
const WARNING_LENGTH = 4_000

export interface ProgramSession {
  /** Rejects with `engine_crashed` when the program dies before it is ready. */
  ready: Promise<ProgramLink>
  /** Settles when the program is reaped. Never rejects. */
  died: Promise<ProgramDeath>
  send(command: Command): void
  kill(reason: DeathReason, graceMs: number): void
}

/** One life of a program: spawn, hello, init, ready, then events until it dies. */
export function openProgramSession(options: {
  program: ProgramCommand
  lanes: readonly Lane[]
  budgetMiB: number | null
  startTimeoutMs: number
  silenceMs: number
  killGraceMs: number
  onTaskEvent: (event: TaskEvent) => void
  /** Something that all jobs wait for is going on: a model is being loaded. */
  onBusy: () => void
  onTick: (elapsedMs: number) => void
  /** What is in the program's memory, whenever that has changed. */
  onModels: (models: readonly string[], told: { reservedMiB: number | null; unasked: boolean }) => void
  onDying: () => void
  log: Logger
}): ProgramSession {
  const { program, startTimeoutMs, silenceMs, killGraceMs, log } = options
  const { promise: ready, resolve, reject } = Promise.withResolvers<ProgramLink>()
  ready.catch(() => {})
  let hello: Extract<EngineEvent, { type: 'hello' }> | null = null
  let info: ProgramInfo | null = null
  const words = createPromptCensor()
  let malformed = 0
  let watch: ReturnType<typeof createSilenceWatch> | null = null

  const child = spawnProgram({
    program,
    onLine(line) {
      const parsed = parseEventLine(line)
      if (parsed.kind === 'event') onEvent(parsed.event)
      else if (parsed.kind === 'malformed') onMalformed(parsed.why)
      else violation(`The program speaks version ${parsed.version} of the protocol, not ${PROTOCOL_VERSION}.`)
    },
    onDying: options.onDying,
    censor: words.censor,
    onStderr: line => log.debug({ line }, 'engine stderr'),
  })
  const startTimer = setTimeout(
    () => kill('start-timeout', `The program was not ready after ${startTimeoutMs} ms.`),
    startTimeoutMs,
  )

  function send(command: Command): void {
    if (command.type === 'generate') {
      words.learn(command.job.prompt)
      if (command.job.kind === 'render') words.learn(command.job.negativePrompt)
    }
    child.send(command)
  }

  function kill(kind: DeathReason['kind'], message: string): void {
    child.kill({ kind, message }, killGraceMs)
  }

  function violation(message: string): void {
    kill('protocol-violation', message)
  }

  function onMalformed(why: string): void {
    malformed += 1
    log.warn({ why, malformed }, 'the inference program wrote a line that is no event')
    if (malformed >= MAX_MALFORMED_LINES)
      violation(`The program wrote ${malformed} lines that are no events.`)
  }

  function onEvent(event: EngineEvent): void {
    watch?.heard()
    switch (event.type) {
      case 'hello':
        onHello(event)
        break
      case 'ready':
        onReady(event)
        break
      case 'loading':
        log.info({ model: words.censor(event.model) }, 'the inference program loads a model')
        options.onBusy()
        break
      case 'warning':
        log.warn(
          { warning: words.censor(event.message).slice(0, WARNING_LENGTH) },
          'the inference program warns',
        )
        break
      case 'fatal':
        kill('fatal', `The program gave up: ${words.censor(event.reason).slice(0, 2_000)}`)
        break
      case 'pong':
        break
      case 'failed':
        options.onTaskEvent({ ...event, message: words.censor(event.message) })
        break
      case 'done':
        words.learn(event.text ?? '')
        options.onTaskEvent(event)
        break
      default:
        options.onTaskEvent(event)
    }
  }

  function onHello(event: Extract<EngineEvent, { type: 'hello' }>): void {
    if (hello) {
      onMalformed('a second hello')
      return
    }
    hello = event
    child.send({ type: 'init', lanes: [...options.lanes], budgetMiB: options.budgetMiB })
  }

  /** Said once when it may have jobs, and again whenever its models have changed. */
  function onReady({ models, memory, unasked = false }: Extract<EngineEvent, { type: 'ready' }>): void {
    options.onModels(models, { reservedMiB: memory?.reservedMiB ?? null, unasked })
    if (info) {
      info.models = models
      info.memory = memory
      return
    }
    if (!hello) {
      onMalformed('ready before hello')
      return
    }
    const { pid, name, version, device } = hello
    info = { pid, name, version, device, models, memory }
    clearTimeout(startTimer)
    watch = createSilenceWatch({
      silenceMs,
      onTick: options.onTick,
      onQuiet: () => child.send({ type: 'ping' }),
      onSilent: () => kill('silent', `The program said nothing for ${silenceMs} ms.`),
    })
    log.info({ pid, name, version, device }, 'inference program ready')
    resolve({ info, send, kill: reason => child.kill(reason, killGraceMs) })
  }

  const died = child.died.then(death => {
    clearTimeout(startTimer)
    watch?.stop()
    reject(deathFailure(death))
    return death
  })

  return { ready, died, send, kill: child.kill }
}
