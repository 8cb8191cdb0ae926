import { Context } from '@temporalio/activity'
import { planHash } from '../engines/planHash.ts'
import type { RenderDesk } from '../engines/renderDesk.ts'
import type { RenderRequest } from '../engines/renderFlight.ts'
import { isFailureCode, JobFailure } from '../jobs/failures.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import type { JobPlan } from '../jobs/plan.ts'
import type { RenderReceipt, StagedReference } from '../jobs/receipt.ts'
import { type RenderHome, readHeartbeat } from '../jobs/renderHeartbeat.ts'
import { withCardHeartbeats } from './cardActivity.ts'

export interface GenerateInput {
  plan: JobPlan & { seed: number }
  /** The plan's prompt, or the enhanced one. */
  prompt: string
  references: StagedReference[]
  /** Times that the job was released from quarantine. */
  round?: number
  /** Only alone and in low-memory mode, as who released it wished. */
  lowMemory?: boolean
  /** They stayed silent: a render that was at home there may be made wherever it comes to. */
  lostHosts?: string[]
}

/** Another host is at the render, or has its receipt: it should be asked first. null: here it is not, nor can it begin. */
export interface RenderElsewhere {
  elsewhere: RenderHome | null
}

export interface GenerateDeps {
  /** Of this machine, as its queue has it. */
  hostId: string
  desk: Pick<RenderDesk, 'render' | 'knows'>
  /** For the host's own queue only: whether a render may begin here soon. A lane's queue is not polled unless it may. */
  mayBegin?: (lane: Lane, signal: AbortSignal) => Promise<boolean>
  staging: { open(sha256: string): Promise<string> }
  /** Whether `metadata.simulate` is honoured. */
  simulate: boolean
  /** Factor of the card's time limit; 1 but in tests of faults. */
  timeScale?: number
}

/**
 * Renders a job on this machine's card and gives the receipt of its files, which stay here. An attempt that finds the job
 * being rendered joins it, and one that finds its receipt returns it, so no job is rendered twice; nor on two machines, as
 * an attempt that comes after one that was lost on another machine names that.
 */
export function createGenerate(deps: GenerateDeps) {
  return async function generate(input: GenerateInput): Promise<RenderReceipt | RenderElsewhere> {
    if (deps.simulate) failAsWished(input.plan)
    const home = readHeartbeat(Context.current().info.heartbeatDetails)?.home ?? null
    const { round = 0, lowMemory = false, lostHosts = [] } = input
    if (home !== null && home.hostId !== deps.hostId && !lostHosts.includes(home.hostId)) {
      return { elsewhere: home }
    }
    return withCardHeartbeats<RenderReceipt | RenderElsewhere>(async ({ killsBefore, ...hooks }) => {
      const job = renderJobOf(input, deps.simulate)
      const hash = planHash(
        job,
        input.references.map(({ role, file }) => ({ role, sha256: file.sha256 })),
      )
      const references = () =>
        Promise.all(
          input.references.map(async ({ role, file }) => ({
            role,
            path: await deps.staging.open(file.sha256),
          })),
        )
      const { jobId, lane } = input.plan
      const cardSecondsLimit = input.plan.cardSecondsLimit * (deps.timeScale ?? 1)
      const ref = { jobId, planHash: hash }
      if (deps.mayBegin && !(await deps.desk.knows(ref)) && !(await deps.mayBegin(lane, hooks.signal)))
        return { elsewhere: null }
      const what = { ...ref, lane, job, references, cardSecondsLimit, round, lowMemory }
      return await deps.desk.render({ ...what, killsBefore }, hooks)
    }, deps.hostId)
  }
}

/** A code of the failure table ends the job with just that code; other names are for the engine to act out. */
function failAsWished({ simulate }: JobPlan): void {
  if (isFailureCode(simulate)) throw new JobFailure(simulate, 'simulated, as metadata.simulate asks')
}

function renderJobOf({ plan, prompt }: GenerateInput, simulate: boolean): RenderRequest['job'] {
  return {
    kind: 'render',
    type: plan.type,
    family: plan.family,
    model: plan.model,
    prompt,
    negativePrompt: plan.negativePrompt,
    steps: plan.steps,
    guidance: plan.guidance,
    solver: plan.solver,
    shift: plan.shift,
    width: plan.width,
    height: plan.height,
    frames: plan.frames,
    fps: plan.fps,
    images: plan.images,
    seed: plan.seed,
    referenceMode: plan.reference.mode,
    referenceStrength: plan.reference.strength,
    referenceType: plan.reference.type,
    expectedSeconds: plan.expectedRenderSeconds,
    simulate: simulate ? plan.simulate : null,
  }
}
