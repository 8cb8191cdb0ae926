import { JobFailure } from '../jobs/failures.ts'
import type { JobPhase } from '../jobs/status.ts'
import { createCardClock } from './cardClock.ts'
import { engineFailure } from './engineFailures.ts'
import type { EngineResult, EngineTask, ProgramInfo, ProgramLink, RunHooks, TaskEvent } from './engineRun.ts'
import type { DeathReason } from './programDeath.ts'

const FIRST_PROGRESS = { phase: 'loading model', step: 0, total: 0 } as const
/** Deaths of its program that a job may sit through before one counts as its own. */
const MOST_TAKEN_BACK = 10
/** A job that has spent this part of its time on the card without a step hangs; one that has not is slow. */
const STUCK_PART = 0.5

/** A program that did not stop a job in time; its other jobs die with it. What its user has stopped says nothing against the program. */
const deaf = ({ id, lane }: EngineTask, byUser: boolean): DeathReason => ({
  kind: byUser ? 'deaf-to-cancel' : 'hung',
  message: `The program did not stop job ${id} when it was told to.`,
  culprit: { taskId: id, lane },
})

/**
 * Follows one job from the program's messages to its result. A verdict (cancelled, too long on the card, too quiet) is
 * final, but the promise waits until the program has let go of the job or is dead.
 */
export function createEngineTask(options: {
  task: EngineTask
  hooks: RunHooks
  cancelGraceMs: number
  silenceMs: number
  /** `mayHoldCard`: it was with the program and had not said that its GPU part is over. */
  onEnd: (mayHoldCard: boolean) => void
  /** It was taken back, and may begin anew. */
  onConfirmed: () => void
}) {
  const { task, hooks, cancelGraceMs, silenceMs, onEnd, onConfirmed } = options
  const { promise, resolve, reject } = Promise.withResolvers<EngineResult>()
  const artifacts: EngineResult['artifacts'] = []
  const drawing: JobPhase = task.job.kind === 'enhance' ? 'enhancing prompt' : 'rendering'
  const progress = { phase: 'waiting for the card' as JobPhase, step: 0, total: 0 }
  let link: ProgramLink | null = null
  let verdict: { error: unknown } | null = null
  let ended = false
  let released = false
  /** Since it was sent to the program. */
  let hadCard = false
  let quietMs = 0
  let takenBack = 0
  let confirmed = true
  /** What it had held of the card, in ms, when it last made a step. */
  let movedAtMs = 0
  let graceTimer: NodeJS.Timeout | undefined

  const clock = createCardClock({
    limitMs: task.cardSecondsLimit * 1_000,
    onExceeded: () => giveUp(task.firstAttempt && hangs() ? stuck() : tooLong()),
  })

  const tooLong = () =>
    new JobFailure('card_seconds_exceeded', `The job held the card for ${task.cardSecondsLimit} s.`)

  const hangs = () => clock.heldMs() - movedAtMs > STUCK_PART * clock.heldMs()

  function stuck(): JobFailure {
    const seconds = Math.round((clock.heldMs() - movedAtMs) / 1000)
    return new JobFailure('engine_silent', `The job held the card for ${seconds} s without a step.`)
  }

  function report(): void {
    const phase = clock.waiting() ? 'waiting for the card' : progress.phase
    hooks.onProgress?.({ ...progress, phase, held: clock.everHeld() })
  }

  function giveUp(error: unknown): void {
    if (ended || verdict) return
    verdict = { error }
    if (!link) {
      end(() => reject(error))
      return
    }
    link.send({ type: 'cancel', id: task.id })
    graceTimer = setTimeout(() => link?.kill(deaf(task, hooks.signal?.aborted ?? false)), cancelGraceMs)
  }

  function end(settle: () => void): void {
    if (ended) return
    ended = true
    clearTimeout(graceTimer)
    clock.stop()
    hooks.signal?.removeEventListener('abort', onAbort)
    if (verdict) reject(verdict.error)
    else settle()
    onEnd(link !== null && !released)
  }

  async function confirm(): Promise<void> {
    if (hooks.confirm === undefined) return
    confirmed = false
    const time = takenBack
    try {
      await hooks.confirm()
    } catch (error) {
      giveUp(error)
      return
    }
    if (time !== takenBack) return
    confirmed = true
    onConfirmed()
  }

  function onAbort(): void {
    giveUp(hooks.signal?.reason)
  }
  hooks.signal?.addEventListener('abort', onAbort, { once: true })
  // In line behind another job of its lane, or for a program that is not there yet.
  clock.startWaiting()
  report()

  function handle(event: TaskEvent): void {
    if (ended || !link) return
    quietMs = 0
    switch (event.type) {
      case 'accepted':
      case 'unneeded':
        break
      case 'want':
        clock.startWaiting()
        report()
        break
      case 'yielded':
        clock.gaveBack(event.heldMs)
        clock.startWaiting()
        report()
        break
      case 'released':
        clock.gaveBack(event.heldMs)
        released = true
        break
      case 'progress':
        if (event.phase !== 'waiting') progress.phase = jobPhase(event.phase, drawing)
        if (event.step !== progress.step) movedAtMs = clock.heldMs()
        progress.step = event.step
        progress.total = event.total
        report()
        break
      case 'artifact':
        keepArtifact(event)
        break
      case 'done': {
        clock.stop()
        const result = resultOf(event, link.info)
        end(() => resolve(result))
        break
      }
      case 'failed': {
        const failure = engineFailure(event)
        if (event.code === 'cuda_error') {
          const culprit = { taskId: task.id, lane: task.lane }
          hooks.onKilled?.()
          link.kill({ kind: 'gpu-error', message: failure.message, culprit })
        }
        end(() => reject(failure))
        break
      }
      case 'cancelled':
        end(() =>
          reject(new JobFailure('engine_crashed', 'The program let go of the job of its own accord.')),
        )
        break
    }
  }

  function keepArtifact(event: Extract<TaskEvent, { type: 'artifact' }>): void {
    if (artifacts.length >= (task.job.kind === 'render' ? task.job.images : 0)) {
      giveUp(new JobFailure('engine_output_invalid', 'The program made more files than asked for.'))
      return
    }
    const { path, sha256, seed, width, height, frames } = event
    artifacts.push({ path, sha256, seed, width, height, frames })
  }

  function resultOf(event: Extract<TaskEvent, { type: 'done' }>, info: ProgramInfo): EngineResult {
    return {
      artifacts,
      timings: event.timings,
      waitMs: clock.waitedMs(),
      heldMs: clock.heldMs(),
      peakMiB: event.peakMiB,
      totalMiB: info.memory?.totalMiB ?? null,
      referenceMethod: event.referenceMethod ?? null,
      engine: { name: info.name, version: info.version, device: info.device },
      ...(event.text === undefined ? {} : { text: event.text }),
    }
  }

  return {
    id: task.id,
    lane: task.lane,
    job: task.job,
    alone: task.alone ?? false,
    result: promise,
    /** Whether its GPU part may still come: the next job of its lane waits for that. */
    needsCard: () => link !== null && !ended && !released,
    /** Whether it has computed in the present program, which may have died of it also after it gave the card back. */
    hadCard: () => hadCard,
    wantsCard: () => link !== null && clock.waiting() && !ended,
    /** Milliseconds of its present turn, null while it has none, and of all its turns together. */
    turnMs: clock.turnMs,
    heldMs: clock.heldMs,
    /** Hands the job to a program that is ready. `drop`: models that must leave the card when the job no longer needs them. */
    send(to: ProgramLink, drop: string[]) {
      link = to
      clock.stop()
      report()
      const { id, lane, job, outDir } = task
      to.send({ type: 'generate', id, lane, job, outDir, drop, ...(task.alone ? { lowMemory: true } : {}) })
    },
    /** The program is dead by another's doing: begins anew with the next one. False when it has died so too often, or is over. */
    takeBack(): boolean {
      if (ended || verdict || takenBack === MOST_TAKEN_BACK) return false
      takenBack += 1
      link = null
      released = false
      hadCard = false
      quietMs = 0
      artifacts.length = 0
      Object.assign(progress, FIRST_PROGRESS)
      clock.stop()
      clock.startWaiting()
      report()
      void confirm()
      return true
    },
    /** Whether it may be sent, as far as it is concerned. */
    isConfirmed: () => confirmed,
    granted() {
      if (progress.step === 0) progress.phase = drawing
      hadCard = true
      clock.granted()
      report()
    },
    handle,
    /** Time has passed without a word about this job. Waiting for the card is the only good reason to be quiet. */
    tick(elapsedMs: number) {
      quietMs = clock.waiting() ? 0 : quietMs + elapsedMs
      if (quietMs > silenceMs) {
        giveUp(new JobFailure('engine_silent', `The program said nothing about the job for ${silenceMs} ms.`))
      }
    },
    /** The program is busy with something that all its jobs wait for. */
    heard() {
      quietMs = 0
    },
    /** The program is dead, and this job is to blame. */
    killedProgram: () => hooks.onKilled?.(),
    /** The program is dead, or will never come: ends the job now. */
    fail(error: JobFailure) {
      end(() => reject(error))
    },
  }
}

export type FollowedTask = ReturnType<typeof createEngineTask>

type ProgressEvent = Extract<TaskEvent, { type: 'progress' }>

function jobPhase(phase: Exclude<ProgressEvent['phase'], 'waiting'>, drawing: JobPhase): JobPhase {
  switch (phase) {
    case 'loading':
      return 'loading model'
    case 'encoding-text':
    case 'rendering':
    case 'decoding':
      return drawing
    case 'saving':
      return 'encoding'
  }
}
