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
import type { RenderJob } from './protocol.ts'

export interface RenderRequest {
  jobId: string
  planHash: string
  lane: RenderLane
  job: RenderJob
  /** Seconds the render may hold the card. */
  cardSecondsLimit: number
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

/** More begun attempts than this without a receipt, and the log warns: this job may be what kills the program. */
const SUSPICIOUS_ATTEMPTS = 3

/**
 * Brings one render to its receipt: finds it, waits for the process that is at it, or draws it. When `signal` aborts, what
 * was drawn is removed, and with `forget()` everything else that is kept of the job.
 */
export async function flyRender(
  request: RenderRequest,
  deps: FlightDeps,
  hooks: { signal: AbortSignal; forget: () => boolean; onProgress: (progress: RenderProgress) => void },
): Promise<RenderReceipt> {
  const { renders, log, pollMs } = deps
  const { signal, forget, onProgress } = hooks
  for (;;) {
    const receipt = await renders.receipt(request)
    if (receipt) return receipt
    signal.throwIfAborted()
    const begun = await renders.begin(request)
    if (begun.begun) {
      if (begun.attempt > SUSPICIOUS_ATTEMPTS) {
        log.warn(
          { jobId: request.jobId, attempt: begun.attempt },
          'a render was begun often and never finished',
        )
      }
      return await draw(begun.workDir)
    }
    // Whether that process has had the card is unknown; the job must not be told that it never began.
    onProgress({ phase: 'rendering', step: 0, total: 0, held: true })
    await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }

  async function draw(workDir: string): Promise<RenderReceipt> {
    try {
      const { lane, job, jobId, cardSecondsLimit } = request
      const startedAt = performance.now()
      const result = await deps.program.run(
        { id: jobId, lane, job, outDir: workDir, cardSecondsLimit },
        { signal, onProgress },
      )
      const files = await checkArtifacts({
        job,
        outDir: workDir,
        artifacts: result.artifacts,
        verifyFile: deps.verifyFile,
      })
      signal.throwIfAborted()
      const receipt = receiptOf(request, deps.hostId, result, files, performance.now() - startedAt)
      await renders.finish(request, workDir, receipt)
      if (forget()) signal.throwIfAborted()
      return receipt
    } catch (error) {
      await tidyUp()
      throw error
    }
  }

  async function tidyUp(): Promise<void> {
    try {
      await renders.giveUp(request)
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
