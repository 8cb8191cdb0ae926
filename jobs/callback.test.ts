import { describe, expect, it } from 'vitest'
import { completedEvent, failedEvent, processingEvent } from './callback.ts'
import { FAILURES, type FailureCode } from './failures.ts'
import { METADATA_KEYS } from './metadataKeys.ts'
import type { RenderReceipt, UploadedAsset } from './receipt.ts'
import {
  barePayload,
  errorOf,
  JOB_ID,
  newerSdxlPayload,
  PICTURE_URL,
  planOf,
  USER_ID,
} from './testing/payloads.ts'
import { completionRecord, workerMetrics } from './usage.ts'
import { WORKER_VERSION } from './version.ts'

const at = '2025-07-16T10:00:00.000Z'
const asset = (index: number): UploadedAsset => ({
  index,
  path: `${USER_ID}/${JOB_ID}/${index}.png`,
  thumbnailPath: `${USER_ID}/${JOB_ID}/${index}.thumb.webp`,
  url: null,
  thumbnailUrl: null,
  bytes: 1024 ** 2 / 2,
})
const receipt: RenderReceipt = {
  host: 'card-1',
  jobId: JOB_ID,
  planHash: 'a'.repeat(64),
  seed: 7,
  files: [],
  timings: { waitMs: 60_000, loadMs: 1000, cardMs: 12_345.678, encodeMs: 500, totalMs: 73_845 },
  memory: { peakMiB: 12_288, totalMiB: 49_152 },
  engine: { name: 'preview', version: '1', device: 'cpu', referenceMethod: 'img2img' },
}
const finished = {
  receipt,
  enhancedPrompt: null,
  enhancement: null,
  enhanceMs: 0,
  referenceDropped: null,
  at,
}

describe('processing', () => {
  it('marks the row, with a stable id and the first number', () => {
    const event = processingEvent({ plan: planOf(barePayload('image_fast')), seed: 42 })
    expect(event).toMatchObject({ id: `evt_${JOB_ID}_1`, sequence: 1, kind: 'processing' })
    expect(event.body).toMatchObject({
      job_id: JOB_ID,
      status: 'processing',
      metadata: { seed: 42, expected_time: 25 },
    })
    expect(event.body).not.toHaveProperty('assets')
    expect(event.body).not.toHaveProperty('error_message')
  })
})

describe('completed', () => {
  it('is the earlier system’s callback, in the order of the images', () => {
    const plan = planOf(newerSdxlPayload('sdxl_image_fast'))
    const event = completedEvent({ ...finished, plan, assets: [asset(2), asset(0), asset(1)] })
    expect(event).toEqual({
      id: `evt_${JOB_ID}_2`,
      sequence: 2,
      kind: 'terminal',
      body: {
        job_id: JOB_ID,
        status: 'completed',
        assets: [0, 1, 2].map(index => `${USER_ID}/${JOB_ID}/${index}.png`),
        metadata: {
          credits: 3,
          prompt_length: 12,
          seed: 7,
          generation_time: 13.846,
          num_images: 3,
          expected_time: 85,
          performance_ratio: 0.163,
          vram_used_gb: 12,
          vram_total_gb: 48,
          vram_utilization: 0.25,
          reference_mode: 'single',
          reference_image_url: PICTURE_URL,
          reference_strength: 0.7,
          reference_type: 'composition',
          reference_method: 'img2img',
          thumbnails: [0, 1, 2].map(index => `${USER_ID}/${JOB_ID}/${index}.thumb.webp`),
          completed_at: at,
          worker_version: WORKER_VERSION,
        },
      },
    })
  })

  it('tells of a video its frames, its references and its enhancement', () => {
    const config = { first_frame: PICTURE_URL, last_frame: `workspace_assets/${USER_ID}/end.png` }
    const plan = planOf(barePayload('video7b_fast_enhanced', config))
    const cardless = { ...receipt, memory: null, engine: { ...receipt.engine, referenceMethod: null } }
    const { body } = completedEvent({
      ...finished,
      plan,
      receipt: cardless,
      assets: [
        { ...asset(0), url: 'https://store.example.com/0', thumbnailUrl: 'https://store.example.com/0t' },
      ],
      enhancedPrompt: 'a tall lighthouse',
      enhancement: 'applied',
      enhanceMs: 30_000,
    })
    expect(body).toMatchObject({
      enhancedPrompt: 'a tall lighthouse',
      assets: ['https://store.example.com/0'],
    })
    expect(body.metadata).toMatchObject({
      generation_time: 43.846,
      performance_ratio: 0.166,
      requested_frames: 83,
      frames: 81,
      reference_mode: 'both',
      start_reference_url: PICTURE_URL,
      end_reference_url: `workspace_assets/${USER_ID}/end.png`,
      reference_strength: 0.85,
      enhancement: 'applied',
      thumbnails: ['https://store.example.com/0t'],
      expected_time: 263.85,
    })
    for (const key of [
      'vram_used_gb',
      'reference_method',
      'reference_type',
      'reference_dropped',
      'reference_image_url',
    ]) {
      expect(body.metadata).not.toHaveProperty(key)
    }
  })

  it('tells of a failed enhancement and a dropped reference', () => {
    const plan = planOf(barePayload('image7b_fast_enhanced'))
    const event = completedEvent({
      ...finished,
      plan,
      assets: [asset(0)],
      enhancement: 'failed',
      referenceDropped: 'reference_not_found',
    })
    expect(event.body).not.toHaveProperty('enhancedPrompt')
    expect(event.body.metadata).toMatchObject({
      enhancement: 'failed',
      reference_dropped: 'reference_not_found',
      reference_mode: 'none',
    })
  })

  it('lets our own keys win over the payload’s', () => {
    const metadata = { thumbnails: 'theirs', generation_time: -1, worker_version: 'theirs', kept: 'theirs' }
    const plan = planOf(barePayload('image_fast', {}, metadata))
    const { body } = completedEvent({ ...finished, plan, assets: [asset(0)] })
    expect(body.metadata).toMatchObject({
      kept: 'theirs',
      generation_time: 13.846,
      worker_version: WORKER_VERSION,
    })
    expect(body.metadata.thumbnails).toHaveLength(1)
  })
})

it('the metadata keys are those that the events set, all of them and no other', () => {
  const ids = { video_id: 'v', image_id: 'i', character_id: 'c', project_id: 'p' }
  const references = { first_frame: PICTURE_URL, last_frame: PICTURE_URL }
  const told = [
    planOf(newerSdxlPayload('sdxl_image_fast')),
    planOf(barePayload('video7b_fast_enhanced', references, ids)),
  ].flatMap(plan => [
    processingEvent({ plan: { ...plan, extra: {} }, seed: 1 }),
    completedEvent({
      ...finished,
      plan: { ...plan, extra: {} },
      assets: [asset(0)],
      enhancement: 'failed',
      referenceDropped: 'reference_not_found',
    }),
    failedEvent({
      jobId: JOB_ID,
      plan: { ...plan, extra: {} },
      failure: { code: 'stuck' },
      planError: null,
      at,
    }),
  ])
  const keys = told.flatMap(({ body }) => Object.keys(body.metadata))
  expect([...new Set(keys)].sort()).toEqual([...METADATA_KEYS].sort())
})

describe('failed', () => {
  it.each(Object.keys(FAILURES) as FailureCode[])('%s', code => {
    const plan = planOf(barePayload('image_fast', { seed: 5 }, { credits: 2 }))
    const event = failedEvent({ jobId: JOB_ID, plan, failure: { code }, planError: null, at })
    expect(event).toMatchObject({ id: `evt_${JOB_ID}_2`, sequence: 2, kind: 'terminal' })
    expect(event.body).toMatchObject({
      job_id: JOB_ID,
      status: 'failed',
      error_message: FAILURES[code].message,
      metadata: {
        error_type: code,
        error_timestamp: at,
        worker_version: WORKER_VERSION,
        seed: 5,
        credits: 2,
      },
    })
    expect(event.body).not.toHaveProperty('assets')
    expect(JSON.stringify(event)).not.toContain(plan.prompt)
  })

  it('of a payload that is no job names the field', () => {
    const keys = { credits: 5, project_id: 'p', num_images: 2 }
    const planError = errorOf({ ...barePayload('sdxl_image_fast', keys), image_id: 'i' })
    const event = failedEvent({ jobId: JOB_ID, plan: null, failure: { code: 'invalid_job' }, planError, at })
    expect(event.body).toEqual({
      job_id: JOB_ID,
      status: 'failed',
      error_message: 'The request is not valid. config.num_images: given 2, allowed: 1, 3, 6.',
      metadata: {
        error_type: 'invalid_job',
        error_timestamp: at,
        worker_version: WORKER_VERSION,
        credits: 5,
        project_id: 'p',
        image_id: 'i',
      },
    })
  })
})

describe('usage', () => {
  const plan = planOf(barePayload('sdxl_image_fast', { num_images: 3 }))

  it('is the earlier system’s metrics', () => {
    expect(workerMetrics({ plan, receipt, enhanceMs: 0, assets: [], success: true, at })).toEqual({
      worker_id: 'card-1',
      job_type: 'sdxl_image_fast',
      generation_time: 13.846,
      vram_used: 12,
      success: true,
      timestamp: at,
    })
    const enhanced = { plan, receipt, enhanceMs: 30_000, assets: [], success: true, at }
    expect(workerMetrics(enhanced)).toMatchObject({ generation_time: 43.846 })
    expect(
      workerMetrics({ plan, receipt: null, enhanceMs: 0, assets: [], success: false, at }),
    ).toMatchObject({
      worker_id: null,
      generation_time: null,
      vram_used: null,
      success: false,
    })
  })

  it('is the earlier system’s completion record', () => {
    const assets = [asset(0), asset(1), asset(2)]
    expect(completionRecord({ plan, receipt, enhanceMs: 0, assets, success: true, at })).toEqual({
      job_id: JOB_ID,
      user_id: USER_ID,
      job_type: 'sdxl_image_fast',
      assets_generated: 3,
      total_size_mb: 1.5,
      completion_timestamp: at,
    })
  })
})
