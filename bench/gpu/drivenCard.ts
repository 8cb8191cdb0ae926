import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { verifyRenderedFile } from '../../assets/inspect.ts'
import { createAdmission } from '../../engines/admission.ts'
import { createInferenceProgram, type InferenceProgram } from '../../engines/inferenceProgram.ts'
import type { RenderJob } from '../../engines/protocol.ts'
import { isAdapterInstalled } from '../../engines/python/adapterInstalled.ts'
import { createMemoryBudget } from '../../gpu/memoryBudget.ts'
import { needsOf } from '../../gpu/memoryNeeds.ts'
import { createStrideTurnstile } from '../../gpu/strideTurnstile.ts'
import { LANES, type Lane } from '../../jobs/jobTypes.ts'
import type { Place } from './place.ts'

const START_MS = 5 * 60_000
const SILENCE_MS = 5 * 60_000
const STOP_MS = 10_000

export interface DrivenRender {
  id: string
  /** From submission to the file, and what of it the job had the card. */
  wallMs: number
  heldMs: number
  sha256: string
}

/** The program as a worker drives it: turnstile, memory budget, driver. Every file is decoded and checked. */
export interface DrivenCard {
  render(lane: Lane, job: RenderJob): Promise<DrivenRender>
  /** From the request to yield to the grant of the lane that cuts in. */
  cutInsMs: number[]
  gateLog: string
  stop(): Promise<void>
}

export async function startDrivenCard(place: Place, jobLimitMs: number): Promise<DrivenCard> {
  const { budgetMiB, ffmpeg, folder } = place
  const cutInsMs: number[] = []
  const gateLog = join(folder, 'gates.jsonl')
  // Compiled, as a worker has it unless it is told otherwise.
  const start = place.program(true)
  const installed = { ipAdapter: await isAdapterInstalled(place.modelsDir), wanByCommand: false }
  const program: InferenceProgram = createInferenceProgram({
    ...start,
    args: [...start.args, '--gate-log', gateLog],
    lanes: LANES,
    budgetMiB,
    createTurnstile: port =>
      createStrideTurnstile(port, { observer: { onCutIn: (_, tookMs) => void cutInsMs.push(tookMs) } }),
    ...(budgetMiB === null
      ? {}
      : {
          admission: createAdmission({
            budget: createMemoryBudget({ budgetMiB, now: () => performance.now() }),
            needsOf: job => needsOf(job, installed),
            prewarm: [],
          }),
        }),
    silenceMs: SILENCE_MS,
    startTimeoutMs: START_MS,
    log: pino({ level: 'warn' }, pino.destination(2)),
  })
  try {
    await program.start()
  } catch (error) {
    await program.stop(STOP_MS)
    throw error
  }

  return {
    cutInsMs,
    gateLog,
    async render(lane, job) {
      const id = randomUUID()
      const outDir = join(folder, id)
      await mkdir(outDir)
      const sinceMs = performance.now()
      const signal = AbortSignal.timeout(jobLimitMs)
      const task = { id, lane, job, outDir, cardSecondsLimit: jobLimitMs / 1000 }
      const { artifacts, heldMs } = await program.run(task, { signal })
      const wallMs = performance.now() - sinceMs
      const [file] = artifacts
      if (file === undefined || artifacts.length !== job.images) throw new Error('A job has made no file.')
      const { width, height, frames } = job
      const contentType = frames === 1 ? 'image/png' : 'video/mp4'
      await verifyRenderedFile(file.path, { contentType, width, height, frames, sha256: file.sha256 }, ffmpeg)
      return { id, wallMs, heldMs, sha256: file.sha256 }
    },
    stop: () => program.stop(STOP_MS),
  }
}
