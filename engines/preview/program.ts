import type { Lane } from '../../jobs/jobTypes.ts'
import { type Command, type EngineEvent, PROTOCOL_VERSION } from '../protocol.ts'
import { createActor } from './actor.ts'
import type { Channel } from './channel.ts'
import { ENHANCE_STEPS, enhance } from './enhance.ts'
import { asEngineFailure, EngineFailure } from './failure.ts'
import type { Journal } from './journal.ts'
import { createModels } from './models.ts'
import { createProgress } from './progress.ts'
import { render } from './render.ts'
import { createTurn, type Turn } from './turn.ts'

/** Changes when the same job no longer gives the same pixels. */
const VERSION = '1'

type Generate = Extract<Command, { type: 'generate' }>

export interface Program {
  greet(): void
  /** Carries out one command; `exit` is called when it asks for the end, or when the program may not live on. */
  handle(command: Command): void
  /** A `generate` that breaks the protocol still gets its answer. */
  malformed(line: unknown): void
  /** Cancels every job, and settles when all have let go. */
  stop(): Promise<void>
}

/** The preview engine: lanes that take turns, jobs that draw. It knows no queues between lanes and no retries. */
export function createProgram(options: {
  channel: Channel
  journal: Journal
  speed: number
  ffmpeg: string
  /** What must be done once before the first job. */
  warmUp: () => Promise<void>
  exit: (code: number) => void
}): Program {
  const { channel, journal, speed, ffmpeg, warmUp, exit } = options
  const send = (event: EngineEvent) => {
    journal.heard(event)
    channel.send(event)
  }
  const models = createModels(send)
  const turns = new Map<Lane, Turn>()
  const jobs = new Map<string, { cancel: AbortController; ended: Promise<void> }>()

  async function init(lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes)
      if (!turns.has(lane))
        turns.set(
          lane,
          createTurn(lane, send, id => journal.note({ event: 'granted', id, lane })),
        )
    await warmUp()
    sayReady()
  }

  function sayReady(): void {
    send({ type: 'ready', models: models.list(), memory: null })
  }

  function generate(command: Generate): void {
    const { id } = command
    if (jobs.has(id)) {
      console.error(`job ${id} is here already`)
      return
    }
    const cancel = new AbortController()
    const ended = run(command, cancel.signal).finally(() => jobs.delete(id))
    jobs.set(id, { cancel, ended })
  }

  async function run(command: Generate, signal: AbortSignal): Promise<void> {
    const { id, lane, job, outDir, lowMemory = false } = command
    journal.note({ event: 'begun', id, lane, kind: job.kind, outDir, lowMemory })
    if (lowMemory) console.error(`job ${id} in low-memory mode`)
    const progress = createProgress(id, job.kind === 'render' ? job.steps : ENHANCE_STEPS, send)
    try {
      const turn = turns.get(lane)
      if (turn === undefined) throw new EngineFailure('invalid_input', `lane ${lane} was not asked for`)
      const actor = createActor({ id, simulate: job.simulate, outDir, channel })
      await actor.at('accepted')
      send({ type: 'accepted', id })
      const onSaved = (file: string) => journal.note({ event: 'renamed', id, file })
      const tools = { turn, actor, progress, models, send, onSaved, ffmpeg }
      const rest = { id, lane, outDir, lowMemory, signal, speed, ...tools }
      const done = job.kind === 'render' ? await render({ ...rest, job }) : await enhance({ ...rest, job })
      signal.throwIfAborted()
      actor.succeeded()
      send(done)
    } catch (error) {
      if (signal.aborted) send({ type: 'cancelled', id })
      else fail(id, error)
    } finally {
      progress.stop()
    }
  }

  function fail(id: string, error: unknown): void {
    const failure = asEngineFailure(error)
    console.error(failure)
    const { code, retryable, message } = failure
    send({ type: 'failed', id, code, retryable, message })
    // A card in an error state serves nobody: a new process has to open it.
    if (code === 'cuda_error') exit(1)
  }

  return {
    greet() {
      journal.note({ event: 'started' })
      send({
        type: 'hello',
        v: PROTOCOL_VERSION,
        pid: process.pid,
        device: 'cpu',
        name: 'preview',
        version: VERSION,
      })
    },
    handle(command) {
      switch (command.type) {
        case 'init':
          init(command.lanes).catch((error: unknown) => {
            send({ type: 'fatal', reason: asEngineFailure(error).message })
            exit(1)
          })
          return
        case 'generate':
          return generate(command)
        case 'cancel':
          return jobs.get(command.id)?.cancel.abort(new EngineFailure('cancelled', 'cancelled'))
        case 'grant':
          return turns.get(command.lane)?.granted()
        case 'yield':
          return turns.get(command.lane)?.yieldAsked()
        case 'load':
          models.load(command.model)
          return sayReady()
        case 'unload':
          models.unload(command.model)
          return sayReady()
        case 'ping':
          return send({ type: 'pong' })
        case 'shutdown':
          return exit(0)
      }
    },
    malformed(line) {
      const known = typeof line === 'object' && line !== null ? line : {}
      if ('type' in known && known.type === 'generate' && 'id' in known && typeof known.id === 'string') {
        fail(known.id, new EngineFailure('invalid_input', 'the job breaks the protocol'))
      } else {
        console.error('a line that is no command')
      }
    },
    async stop() {
      for (const { cancel } of jobs.values()) cancel.abort(new EngineFailure('cancelled', 'the program ends'))
      await Promise.all([...jobs.values()].map(({ ended }) => ended))
      journal.note({ event: 'ended' })
    },
  }
}
