import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { RenderStore } from '../assets/renders.ts'
import { JobFailure } from '../jobs/failures.ts'
import type { RenderLane } from '../jobs/jobTypes.ts'
import type { RenderReceipt } from '../jobs/receipt.ts'
import type { RenderProgress } from '../jobs/status.ts'
import { checkArtifacts, type VerifyFile } from './checkArtifacts.ts'
import type { EngineResult } from './engineRun.ts'
import type { InferenceProgram } from './inferenceProgram.ts'
import { keepReferences } from './keepReferences.ts'
import { KILLS_BEFORE_ALONE, MOST_KILLS, poisoned } from './poison.ts'
import type { RenderJob } from './protocol.ts'

export interface RenderRequest {
  jobId: string
  planHash: string
  lane: RenderLane
  job: Omit<RenderJob, 'references'>
  /** Brings the references. A render that is drawn needs them, not one whose receipt is there: they may be lost meanwhile. */
  references: () => Promise<RenderJob['references']>
  /** Seconds the render may hold the card. */
  cardSecondsLimit: number
  /** An operator who releases the job from quarantine begins a new round, in which it has killed nothing yet. */
  round?: number
  /** Deaths of the program in this round that another host may know of. */
  killsBefore?: number
  /** Every attempt of the round is to be alone and in low-memory mode. */
  lowMemory?: boolean
}

export interface FlightDeps {
  program: Pick<InferenceProgram, 'run'>
  renders: RenderStore
  /** Queue-safe id of this host, for the receipt. */
  hostId: string
  verifyFile: VerifyFile
  log: Logger
  /** How often to look whether another process of this host has finished the render. */
  pollMs: number
}

/**
 * Brings one render to its receipt: finds it, waits for the process that is at it, or draws it. When `signal` aborts, what
 * was drawn is removed, and with `forget()` everything else that is kept of the job.
 */
export async function flyRender(
  request: RenderRequest,
  deps: FlightDeps,
  hooks: {
    signal: AbortSignal
    forget: () => boolean
    onProgress: (progress: RenderProgress) => void
    confirm: () => Promise<void>
  },
): Promise<RenderReceipt> {
  const { renders, log, pollMs } = deps
  const { signal, forget, onProgress, confirm } = hooks
  for (;;) {
    const receipt = await renders.receipt(request)
    if (receipt) return receipt
    signal.throwIfAborted()
    const begun = await renders.begin(request, request.round)
    if (begun.begun) return await draw(begun, Math.max(begun.kills, request.killsBefore ?? 0))
    // Whether that process has had the card is unknown; the job must not be told that it never began.
    onProgress({ phase: 'rendering', step: 0, total: 0, held: true })
    await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }

  async function draw(
    { workDir, attempt }: { workDir: string; attempt: number },
    kills: number,
  ): Promise<RenderReceipt> {
    let last: RenderProgress = { phase: 'waiting for the card', step: 0, total: 0, held: false }
    let marked: Promise<void> | null = null
    let killed = false

    function follow(progress: RenderProgress): void {
      last = { ...progress, kills }
      if (progress.held) marked ??= markHeld()
      onProgress(last)
    }

    try {
      // The process that died of it the last time could not say so.
      if (kills >= MOST_KILLS) throw poisoned(null)
      const { lane, jobId, cardSecondsLimit } = request
      const job = { ...request.job, references: await keepReferences(await request.references(), workDir) }
      const alone = kills >= KILLS_BEFORE_ALONE || request.lowMemory === true
      if (alone) log.warn({ jobId, kills }, 'a render is tried alone, in low-memory mode')
      const startedAt = performance.now()
      const result = await deps.program.run(
        {
          ...{ id: jobId, lane, job, outDir: workDir, cardSecondsLimit, firstAttempt: attempt === 1 },
          ...(alone ? { alone } : {}),
        },
        {
          ...{ signal, confirm },
          onProgress: follow,
          onKilled() {
            killed = true
          },
        },
      )
      const files = await checkArtifacts({
        job,
        outDir: workDir,
        artifacts: result.artifacts,
        verifyFile: deps.verifyFile,
      })
      signal.throwIfAborted()
      await marked
      const receipt = receiptOf(request, deps.hostId, result, files, performance.now() - startedAt)
      await renders.finish(request, workDir, receipt)
      if (forget()) signal.throwIfAborted()
      return receipt
    } catch (error) {
      await marked
      // Who stops a job does not find out whether it would have killed its program.
      const counts = killed && !signal.aborted && error instanceof JobFailure && error.retryable
      await tidyUp(counts)
      if (!counts) throw error
      onProgress({ ...last, kills: kills + 1 })
      log.warn({ jobId: request.jobId, kills: kills + 1 }, 'the inference program died of a render')
      throw kills + 1 >= MOST_KILLS ? poisoned(error) : error
    }
  }

  /** Without it the death of this process would count against nobody, which is no reason to stop. */
  async function markHeld(): Promise<void> {
    await renders.hasCard(request).catch(err => log.warn({ err, jobId: request.jobId }, 'no mark was made'))
  }

  async function tidyUp(killed: boolean): Promise<void> {
    try {
      await renders.giveUp(request, killed)
      if (forget()) await renders.discard(request.jobId)
    } catch (err) {
      log.error({ err, jobId: request.jobId }, 'the files of a render could not be removed')
    }
  }
}

function receiptOf(
  { jobId, planHash, job }: RenderRequest,
  host: string,
  { timings, waitMs, peakMiB, totalMiB, engine, referenceMethod }: EngineResult,
  files: RenderReceipt['files'],
  totalMs: number,
): RenderReceipt {
  return {
    host,
    jobId,
    planHash,
    seed: job.seed,
    files,
    timings: { waitMs, ...timings, totalMs },
    memory: peakMiB === null || totalMiB === null ? null : { peakMiB, totalMiB },
    engine: { ...engine, referenceMethod },
  }
}

/** What the others hear who waited for a render that one of them had cancelled. */
export function cancelledByAnother(): JobFailure {
  return new JobFailure('canceled', 'The render was cancelled by another attempt of the job.')
}
