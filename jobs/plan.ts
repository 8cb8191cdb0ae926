import type { Family, JobType, ModelName, RenderLane } from './jobTypes.ts'
import type { Solver } from './solvers.ts'

/** `single`: one picture that guides the whole output; `start`, `end`, `both`: frames of the video itself. */
export type ReferenceMode = 'none' | 'single' | 'start' | 'end' | 'both'
export type ReferenceRole = 'single' | 'start' | 'end'
export type ReferenceType = 'style' | 'composition' | 'character'

/** Where a reference lies: an http(s) URL, or an object path `bucket/user/…` of the job's own user. */
export interface ReferenceSource {
  role: ReferenceRole
  source: string
}

/** What of a payload only travels back in the callback's metadata: nothing in it can make a job fail. */
export interface ReturnedKeys {
  ids: {
    videoId: string | null
    imageId: string | null
    characterId: string | null
    projectId: string | null
  }
  /** Keys of the payload that we do not know. */
  extra: Record<string, unknown>
}

/** A job with every parameter resolved and every default applied. Made once, by `planJob`; nothing downstream reads the payload. */
export interface JobPlan extends ReturnedKeys {
  jobId: string
  userId: string
  type: JobType
  family: Family
  lane: RenderLane
  model: ModelName

  /** The prompt as the model gets it: for SDXL with the compel weights appended. */
  prompt: string
  negativePrompt: string
  negativePromptSource: 'payload' | 'rules' | 'none'
  enhance: boolean

  steps: number
  guidance: number
  solver: Solver
  /** Flow shift of WAN's scheduler; without meaning for SDXL. */
  shift: number
  width: number
  height: number
  framesRequested: number
  frames: number
  fps: number
  images: number
  /** null: the workflow chooses one, once, and every retry uses it. */
  seed: number | null

  reference: {
    mode: ReferenceMode
    sources: ReferenceSource[]
    /** 0.1 to 1; null without a reference. */
    strength: number | null
    /** What SDXL takes from the picture; for WAN only what the producer said, if anything. null without a reference. */
    type: ReferenceType | null
    /** Render without the reference when it cannot be had, instead of failing. */
    fallback: boolean
  }

  bucket: string
  contentType: 'image/png' | 'video/mp4'
  extension: 'png' | 'mp4'

  /** Our own figures, from the type's row, the number of images and the reference mode; never the payload's. */
  expectedRenderSeconds: number
  expectedEnhanceSeconds: number
  cardSecondsLimit: number
  deadlineMs: number
  renderAttempts: number

  /** The payload's `expected_time`, only to be reported back. */
  reportedExpectedSeconds: number | null
  /** A failure to act out, honoured outside production only. */
  simulate: string | null
}

/** Why a payload is no job. `field` is a path such as `config.num_images`. */
export interface PlanError {
  code: 'invalid_job' | 'policy_refused'
  field: string
  given: string
  allowed: string
  message: string
  returned: ReturnedKeys
}

export type PlanResult = { ok: true; plan: JobPlan } | { ok: false; error: PlanError }
