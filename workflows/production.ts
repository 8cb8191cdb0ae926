import type { JobPlan } from '../jobs/plan.ts'
import type { RenderReceipt, StagedReference, UploadedAsset } from '../jobs/receipt.ts'

/** What a job has brought about so far: the state that its ending is told from. */
export interface Production {
  /** Loses its reference when the job falls back to rendering without one. */
  plan: JobPlan & { seed: number }
  /** Whether the card has done anything for this job. */
  held: boolean
  uploading: boolean
  /** Times that it was released from quarantine, and whether it is to be rendered in low-memory mode since. */
  round: number
  lowMemory: boolean
  /** Staged and fitted to the job; null until they are. */
  references: StagedReference[] | null
  enhancedPrompt: string | null
  enhancement: 'applied' | 'failed' | null
  enhanceMs: number
  referenceDropped: string | null
  receipt: RenderReceipt | null
  assets: UploadedAsset[]
}

export function beginProduction(plan: JobPlan & { seed: number }): Production {
  return {
    plan,
    held: false,
    uploading: false,
    round: 0,
    lowMemory: false,
    references: null,
    enhancedPrompt: null,
    enhancement: null,
    enhanceMs: 0,
    referenceDropped: null,
    receipt: null,
    assets: [],
  }
}
