import { describe, expect, it } from 'vitest'
import { POLICY_TERMS } from './contentPolicyTerms.ts'
import { type JobType, jobTypeNames } from './jobTypes.ts'
import { planJob } from './planJob.ts'
import {
  barePayload,
  earlierPayload,
  errorOf,
  JOB_ID,
  newerSdxlPayload,
  planOf,
  USER_ID,
} from './testing/payloads.ts'

type Row = [JobType, string, string, number, number, number, number, number]
/** The contract's table: type, lane, medium, steps, guidance, frames, expected seconds in all, deadline hours. */
const CATALOGUE: Row[] = [
  ['sdxl_image_fast', 'sdxl', 'image/png', 15, 6.0, 1, 4, 6],
  ['sdxl_image_high', 'sdxl', 'image/png', 25, 7.5, 1, 8, 6],
  ['image_fast', 'wan.image', 'image/png', 25, 6.5, 1, 25, 12],
  ['image_high', 'wan.image', 'image/png', 50, 7.5, 1, 40, 12],
  ['video_fast', 'wan.video', 'video/mp4', 25, 6.5, 81, 135, 24],
  ['video_high', 'wan.video', 'video/mp4', 50, 7.5, 81, 180, 24],
  ['image7b_fast_enhanced', 'wan.image', 'image/png', 25, 6.5, 1, 85, 12],
  ['image7b_high_enhanced', 'wan.image', 'image/png', 50, 7.5, 1, 100, 12],
  ['video7b_fast_enhanced', 'wan.video', 'video/mp4', 25, 6.5, 81, 195, 24],
  ['video7b_high_enhanced', 'wan.video', 'video/mp4', 50, 7.5, 81, 240, 24],
]

describe('defaults of the ten types', () => {
  it('covers every type', () => {
    expect(CATALOGUE.map(([type]) => type)).toEqual(jobTypeNames)
  })

  it.each(CATALOGUE)('%s', (type, lane, contentType, steps, guidance, frames, seconds, hours) => {
    const plan = planOf({ id: JOB_ID, user_id: USER_ID, type, prompt: 'a lighthouse' })
    const sdxl = type.startsWith('sdxl')
    expect(plan).toMatchObject({
      jobId: JOB_ID,
      userId: USER_ID,
      type,
      lane,
      contentType,
      steps,
      guidance,
      frames,
    })
    expect(plan).toMatchObject({
      model: sdxl ? 'lustify_sdxl' : 'wan_2_1_1_3b',
      enhance: type.endsWith('_enhanced'),
      framesRequested: frames === 81 ? 83 : 1,
      width: sdxl ? 1024 : 480,
      height: sdxl ? 1024 : 832,
      images: 1,
      seed: null,
      solver: 'unipc',
      shift: 5,
      fps: 16,
      bucket: type,
      extension: contentType === 'video/mp4' ? 'mp4' : 'png',
      deadlineMs: hours * 3_600_000,
      extra: {},
    })
    expect(plan.expectedRenderSeconds + plan.expectedEnhanceSeconds).toBe(seconds)
    expect(plan.reference).toEqual({ mode: 'none', sources: [], strength: null, type: null, fallback: false })
  })
})

describe('payload shapes', () => {
  it.each(jobTypeNames)('takes the earlier system’s shape for %s', type => {
    const plan = planOf(earlierPayload(type))
    expect(plan).toMatchObject({ type, steps: 25, guidance: 6.5, width: 480, height: 832, seed: 123456789 })
    expect(plan).toMatchObject({
      bucket: type,
      reportedExpectedSeconds: 135,
      ids: { imageId: 'an-image', videoId: null },
    })
    expect(plan.framesRequested).toBe(type.startsWith('video') ? 83 : 1)
    expect(plan.extra).toMatchObject({
      queue: 'wan_queue',
      created_at: '2025-07-16T10:00:00Z',
      model_variant: 'whatever',
    })
  })

  it.each(['sdxl_image_fast', 'sdxl_image_high'] as const)('takes the newer shape for %s', type => {
    const plan = planOf(newerSdxlPayload(type))
    expect(plan).toMatchObject({
      steps: 25,
      guidance: 7.5,
      solver: 'euler_a',
      width: 1024,
      height: 768,
      images: 3,
      seed: 0,
      prompt: 'a lighthouse, (red bicycle:1.3), (sea:1.2)',
      negativePrompt: 'fog',
      negativePromptSource: 'payload',
      reportedExpectedSeconds: 85,
      extra: { credits: 3, prompt_length: 12 },
    })
    expect(plan.reference).toMatchObject({ mode: 'single', strength: 0.7, type: 'composition' })
  })

  it('takes absent and null sections for empty ones', () => {
    expect(planOf({ ...barePayload('image_fast'), config: null, metadata: undefined }).steps).toBe(25)
  })

  it('lower-cases ids, which become paths and workflow ids', () => {
    const payload = { ...barePayload('image_fast'), id: JOB_ID.toUpperCase(), user_id: USER_ID.toUpperCase() }
    expect(planOf(payload)).toMatchObject({ jobId: JOB_ID, userId: USER_ID })
  })
})

describe('precedence', () => {
  it.each([
    ['config first', { sample_steps: 30 }, { sample_steps: 40 }, 30],
    ['then metadata', {}, { sample_steps: 40 }, 40],
    ['then the table', {}, {}, 25],
    ['the newer spelling', { num_inference_steps: 31 }, { sample_steps: 40 }, 31],
    ['null is absent', { sample_steps: null }, { num_inference_steps: 40 }, 40],
    ['blank is absent', { sample_steps: ' ' }, { sample_steps: 40 }, 40],
    ['numbers as text', { sample_steps: ' 33 ' }, {}, 33],
  ])('%s', (_, config, metadata, steps) => {
    expect(planOf(barePayload('video_fast', config, metadata)).steps).toBe(steps)
  })

  it('goes for every numeric parameter', () => {
    const metadata = { guidance_scale: 4, sample_shift: 8, seed: 7, frame_num: 17, size: '832*480' }
    const plan = planOf(barePayload('video_fast', { sample_guide_scale: '5.5' }, metadata))
    expect(plan).toMatchObject({ guidance: 5.5, shift: 8, seed: 7, frames: 17, width: 832, height: 480 })
  })

  it.each([
    [{ seed: 0 }, { seed: 5 }, 0],
    [{}, { seed: 0 }, 0],
    [{ seed: '0' }, {}, 0],
    [{ seed: -1 }, {}, null],
    [{}, {}, null],
  ])('seed of %j and %j is %j', (config, metadata, seed) => {
    expect(planOf(barePayload('sdxl_image_fast', config, metadata)).seed).toBe(seed)
  })
})

describe('sizes', () => {
  it.each([
    ['sdxl_image_fast', { size: '1536*512' }, 1536, 512],
    ['sdxl_image_fast', { size: '768x1024' }, 768, 1024],
    ['sdxl_image_fast', { size: '480*832' }, 480, 832],
    ['sdxl_image_fast', { width: '512', height: 1528 }, 512, 1528],
    ['image_fast', { size: '832*480' }, 832, 480],
    ['video_fast', { width: 832, height: 480 }, 832, 480],
  ] as const)('%s %j', (type, config, width, height) => {
    expect(planOf(barePayload(type, config))).toMatchObject({ width, height })
  })

  it.each([
    ['sdxl_image_fast', { size: '1537*1024' }, 'config.size'],
    ['sdxl_image_fast', { size: '1020*1020' }, 'config.size'],
    ['sdxl_image_fast', { size: '504*1024' }, 'config.size'],
    ['sdxl_image_fast', { size: 1024 }, 'config.size'],
    ['sdxl_image_fast', { width: 1024 }, 'config.height'],
    ['sdxl_image_fast', { width: 1024, height: 99999 }, 'config.height'],
    ['sdxl_image_fast', { width: 1.5, height: 1024 }, 'config.width'],
    ['video_fast', { size: '1024*1024' }, 'config.size'],
    ['image_fast', { width: 1024, height: 1024 }, 'config.width'],
  ] as const)('%s refuses %j', (type, config, field) => {
    expect(errorOf(barePayload(type, config))).toMatchObject({ code: 'invalid_job', field })
  })
})

describe('frames', () => {
  it.each([
    [83, 81],
    [84, 81],
    [81, 81],
    [80, 77],
    [16, 13],
    [5, 5],
  ])('%i asked for make %i', (asked, made) => {
    expect(planOf(barePayload('video_high', { frame_num: asked }))).toMatchObject({
      framesRequested: asked,
      frames: made,
    })
  })

  it.each([1, 4, 85, 20.5, 'many'])('refuses %j', asked => {
    expect(errorOf(barePayload('video_high', { frame_num: asked })).field).toBe('config.frame_num')
  })

  it('an image has one, whatever is asked', () => {
    expect(planOf(barePayload('image_high', { frame_num: 83 }))).toMatchObject({
      framesRequested: 1,
      frames: 1,
    })
  })
})

describe('invalid jobs', () => {
  it.each([
    ['id', { id: '../../etc' }, '"../../etc"', 'a UUID'],
    ['id', { id: undefined }, 'nothing', 'a UUID'],
    ['user_id', { user_id: 7 }, '7', 'a UUID'],
    ['type', { type: 'sdxl_image_best' }, '"sdxl_image_best"', jobTypeNames.join(', ')],
    ['config', { config: [1, 2] }, 'a list of 2', 'an object'],
    ['metadata', { metadata: '{"prompt":"a lighthouse"}' }, 'string', 'an object'],
    ['bucket', { bucket: 'elsewhere' }, '"elsewhere"', 'one of the output buckets'],
    ['config.num_images', { config: { num_images: 2 } }, '2', '1, 3, 6'],
    ['metadata.num_images', { metadata: { num_images: 0 } }, '0', '1, 3, 6'],
    ['config.sample_steps', { config: { sample_steps: 151 } }, '151', 'a whole number from 1 to 150'],
    [
      'config.num_inference_steps',
      { config: { num_inference_steps: 2.5 } },
      '2.5',
      'a whole number from 1 to 150',
    ],
    ['config.guidance_scale', { config: { guidance_scale: 31 } }, '31', 'a number from 0 to 30'],
    ['config.sample_shift', { config: { sample_shift: '0x10' } }, '"0x10"', 'a number from 0.1 to 30'],
    ['metadata.seed', { metadata: { seed: -2 } }, '-2', 'a whole number from 0 to 4503599627370496'],
    ['config.scheduler', { config: { scheduler: 'magic' } }, '"magic"', 'unipc, dpm++, euler, euler_a, ddim'],
    ['compel_weights', { compel_weights: { sea: 1.2 } }, 'an object', 'text'],
  ])('%s', (field, change, given, allowed) => {
    const error = errorOf({ ...barePayload('sdxl_image_fast'), ...change })
    expect(error).toMatchObject({
      code: 'invalid_job',
      field,
      given,
      allowed,
      message: `${field}: given ${given}, allowed: ${allowed}`,
    })
  })

  it('a WAN job makes one image', () => {
    expect(errorOf(barePayload('image_fast', { num_images: 3 }))).toMatchObject({
      field: 'config.num_images',
      allowed: '1',
    })
  })

  it.each([[null], [undefined], ['text'], [[]], [7]])('payload %j', payload => {
    expect(errorOf(payload)).toMatchObject({ field: 'payload', allowed: 'a JSON object' })
  })

  it('allows buckets of a configured list', () => {
    const payload = barePayload('image_fast', {}, {}, { bucket: 'elsewhere' })
    expect(planOf(payload, { outputBuckets: ['elsewhere'] }).bucket).toBe('elsewhere')
    expect(planOf({ ...payload, bucket: 'video_high' }).bucket).toBe('video_high')
  })

  it('tells a short part of what was given', () => {
    const { given } = errorOf({ ...barePayload('image_fast'), type: 'x'.repeat(5000) })
    expect(given.length).toBeLessThan(80)
  })

  it('survives payloads that resist being read', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no')
        },
      },
    )
    expect(errorOf(hostile)).toMatchObject({ code: 'invalid_job', field: 'payload' })
    const config = Object.defineProperty({}, 'size', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    expect(planJob({ ...barePayload('image_fast'), config }).ok).toBe(false)
  })
})

describe('content policy', () => {
  const unwanted = `${POLICY_TERMS.sexual[0]} ${POLICY_TERMS.minor[0]}`

  it('refuses, and does not repeat the prompt', () => {
    const error = errorOf(barePayload('image_fast', {}, {}, { prompt: unwanted }))
    expect(error).toMatchObject({ code: 'policy_refused', field: 'prompt' })
    expect(JSON.stringify(error)).not.toContain(unwanted)
  })

  it.each<[string, (text: string) => string]>([
    ['numbers', text => text.replace(/./g, letter => `&#${letter.charCodeAt(0)};`)],
    ['numbers without an end', text => text.replace(/d/g, '&#100')],
    ['names within', text => text.replace(/\B/g, '&zwnj;')],
    ['entities in entities', text => text.replace(/\B/g, '&amp;amp;#38;shy;')],
    ['entities with something invisible in them', text => text.replace(/\B/g, '&\u202e#x26;sh\u0000y;')],
    ['entities in full width', text => text.replace(/\B/g, '＆ｓｈｙ；')],
    ['weights of nothing', text => text.replace(/\B/g, '(:1.0)')],
  ])('reads the text that is drawn: %s', (_, disguise) => {
    for (const type of ['sdxl_image_fast', 'image_fast', 'video_fast'] as const) {
      const result = planJob(barePayload(type, {}, {}, { prompt: disguise(unwanted) }))
      expect(result).toMatchObject({ ok: false, error: { code: 'policy_refused' } })
    }
  })

  it('looks at prompt and weights together', () => {
    const payload = barePayload(
      'sdxl_image_fast',
      {},
      {},
      {
        prompt: `a ${POLICY_TERMS.minor[0]}`,
        compel_weights: `(${POLICY_TERMS.sexual[0]}:1.3)`,
      },
    )
    expect(errorOf(payload).code).toBe('policy_refused')
  })

  it('leaves negative prompts alone', () => {
    expect(planJob(barePayload('sdxl_image_fast', {}, {}, { negative_prompt: unwanted })).ok).toBe(true)
  })
})

describe('cost', () => {
  const seconds = (type: JobType, config: object, metadata = {}) =>
    planOf(barePayload(type, { ...config }, metadata)).expectedRenderSeconds
  const frames = { start_reference_url: 'https://pictures.example.com/a.png' }
  const single = { reference_image_url: 'https://pictures.example.com/a.png' }

  it('follows images, steps, size, frames and references', () => {
    expect(seconds('sdxl_image_fast', { num_images: 6 })).toBe(24)
    expect(seconds('sdxl_image_fast', { num_inference_steps: 30 })).toBe(8)
    expect(seconds('sdxl_image_fast', { size: '1024*512' })).toBe(2)
    expect(seconds('video_fast', { sample_steps: 50 })).toBe(270)
    expect(seconds('video_fast', { frame_num: 41 })).toBeCloseTo((135 * 11) / 21)
    expect(seconds('video_fast', {}, frames)).toBeCloseTo(135 * 1.51)
    expect(seconds('video_fast', {}, single)).toBeCloseTo((135 * 1.51 * 22) / 21)
    expect(seconds('image_fast', {}, single)).toBeCloseTo(25 * 1.51 * 2)
  })

  it('never follows the payload’s expected time', () => {
    expect(seconds('sdxl_image_fast', { expected_time: 1e6 })).toBe(4)
  })

  it('never limits a job to less than its type', () => {
    expect(planOf(barePayload('video_fast', { sample_steps: 1 })).cardSecondsLimit).toBe(1800)
    expect(planOf(barePayload('video_fast', { sample_steps: 50 })).cardSecondsLimit).toBe(3600)
    expect(planOf(barePayload('sdxl_image_fast', { num_images: 6, sample_steps: 1 })).cardSecondsLimit).toBe(
      720,
    )
  })
})
