import { planHash } from '../engines/planHash.ts'
import type { RenderJob } from '../engines/protocol.ts'
import type { RenderDesk } from '../engines/renderDesk.ts'
import { isFailureCode, JobFailure } from '../jobs/failures.ts'
import type { JobPlan, ReferenceRole } from '../jobs/plan.ts'
import type { RenderReceipt, StagedFile } from '../jobs/receipt.ts'
import { withCardHeartbeats } from './cardActivity.ts'

export interface GenerateInput {
  plan: JobPlan & { seed: number }
  /** The plan's prompt, or the enhanced one. */
  prompt: string
  references: { role: ReferenceRole; file: StagedFile }[]
}

export interface GenerateDeps {
  desk: RenderDesk
  staging: { open(sha256: string): Promise<string> }
  /** Whether `metadata.simulate` is honoured. */
  simulate: boolean
}

/**
 * Renders a job on this machine's card and gives the receipt of its files, which stay here. An attempt that finds the job
 * being rendered joins it, and one that finds its receipt returns it, so no job is rendered twice.
 */
export function createGenerate(deps: GenerateDeps) {
  return async function generate(input: GenerateInput): Promise<RenderReceipt> {
    if (deps.simulate) failAsWished(input.plan)
    const references = await Promise.all(
      input.references.map(async ({ role, file }) => ({ role, path: await deps.staging.open(file.sha256) })),
    )
    const job = renderJobOf(input, references, deps.simulate)
    const hash = planHash(
      job,
      input.references.map(({ file }) => file.sha256),
    )
    const { jobId, lane, cardSecondsLimit } = input.plan
    return withCardHeartbeats(hooks =>
      deps.desk.render({ jobId, planHash: hash, lane, job, cardSecondsLimit }, hooks),
    )
  }
}

/** A code of the failure table ends the job with just that code; other names are for the engine to act out. */
function failAsWished({ simulate }: JobPlan): void {
  if (isFailureCode(simulate)) throw new JobFailure(simulate, 'simulated, as metadata.simulate asks')
}

function renderJobOf(
  { plan, prompt }: GenerateInput,
  references: RenderJob['references'],
  simulate: boolean,
): RenderJob {
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
    references,
    referenceStrength: plan.reference.strength,
    referenceType: plan.reference.type,
    expectedSeconds: plan.expectedRenderSeconds,
    simulate: simulate ? plan.simulate : null,
  }
}
