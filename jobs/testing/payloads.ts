import type { JobType } from '../jobTypes.ts'
import type { JobPlan, PlanError } from '../plan.ts'
import { type PlanOptions, planJob } from '../planJob.ts'

export const JOB_ID = '0190a1b2-c3d4-4e5f-8a6b-7c8d9e0f1a2b'
export const USER_ID = '5f0c1d2e-3b4a-4c5d-9e6f-708192a3b4c5'
export const PICTURE_URL = 'https://pictures.example.com/lighthouse.png'

type Fields = Record<string, unknown>

/** The least that is a job. */
export function barePayload(type: JobType, config: Fields = {}, metadata: Fields = {}, top: Fields = {}) {
  return { id: JOB_ID, type, prompt: 'a lighthouse', config, user_id: USER_ID, metadata, ...top }
}

/** Shape A: the earlier system's own payload of either family. */
export function earlierPayload(type: JobType) {
  const video = type.startsWith('video')
  const config = {
    size: '480*832',
    sample_steps: 25,
    sample_guide_scale: 6.5,
    sample_solver: 'unipc',
    sample_shift: 5.0,
    frame_num: video ? 83 : 1,
    enhance_prompt: type.endsWith('_enhanced'),
    seed: 123456789,
    expected_time: 135,
    content_type: video ? 'video' : 'image',
    file_extension: video ? 'mp4' : 'png',
    num_images: 1,
  }
  const metadata = { queue: 'wan_queue', seed: 123456789, num_images: 1, edge_function_version: '2.1.0' }
  return barePayload(type, config, metadata, {
    created_at: '2025-07-16T10:00:00Z',
    video_id: null,
    image_id: 'an-image',
    character_id: null,
    model_variant: 'whatever',
    bucket: type,
  })
}

/** Shape B: the newer producers' SDXL payload. */
export function newerSdxlPayload(type: JobType) {
  const config = {
    width: 1024,
    height: 768,
    num_inference_steps: 25,
    guidance_scale: 7.5,
    scheduler: 'EulerAncestralDiscreteScheduler',
    seed: 0,
    num_images: 3,
    reference_image_url: PICTURE_URL,
    reference_strength: 0.7,
    reference_type: 'composition',
    expected_time: 85,
  }
  const metadata = { sample_steps: 15, sample_guide_scale: 6, credits: 3, prompt_length: 12 }
  return barePayload(type, config, metadata, {
    compel_enabled: true,
    compel_weights: '(red bicycle:1.3), (sea:1.2)',
    negative_prompt: 'fog',
  })
}

/** The plan of a payload that must be one. */
export function planOf(payload: unknown, options?: PlanOptions): JobPlan {
  const result = planJob(payload, options)
  if (!result.ok) throw new Error(result.error.message)
  return result.plan
}

/** Why a payload that must be none is none. */
export function errorOf(payload: unknown, options?: PlanOptions): PlanError {
  const result = planJob(payload, options)
  if (result.ok) throw new Error('this payload makes a plan')
  return result.error
}
