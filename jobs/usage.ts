import type { JobPlan } from './plan.ts'
import type { RenderReceipt, UploadedAsset } from './receipt.ts'
import { generationSeconds, MIB_PER_GB, rounded } from './renderFigures.ts'

export interface UsedJob {
  plan: JobPlan
  /** null when the job ended before it was rendered. */
  receipt: RenderReceipt | null
  /** That the rewriting of the prompt took; 0 without one. */
  enhanceMs: number
  assets: readonly UploadedAsset[]
  success: boolean
  /** ISO 8601. */
  at: string
}

/** The seed's record of a worker's performance on one job. Times in seconds, memory in GB; null where there is nothing to tell. */
export function workerMetrics({ plan, receipt, enhanceMs, success, at }: UsedJob) {
  return {
    worker_id: receipt?.host ?? null,
    job_type: plan.type,
    generation_time: receipt === null ? null : generationSeconds(receipt, enhanceMs),
    vram_used: receipt?.memory ? rounded(receipt.memory.peakMiB / MIB_PER_GB) : null,
    success,
    timestamp: at,
  }
}

/** The seed's record of a completed job; sizes in MB of 1024² bytes. */
export function completionRecord({ plan, assets, at }: UsedJob) {
  return {
    job_id: plan.jobId,
    user_id: plan.userId,
    job_type: plan.type,
    assets_generated: assets.length,
    total_size_mb: rounded(assets.reduce((bytes, asset) => bytes + asset.bytes, 0) / 1024 ** 2),
    completion_timestamp: at,
  }
}
