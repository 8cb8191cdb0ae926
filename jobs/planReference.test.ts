import { describe, expect, it } from 'vitest'
import { barePayload, errorOf, planOf, USER_ID } from './testing/payloads.ts'

const url = (name: string) => `https://pictures.example.com/${name}.png`
const single = (name: string) => ({ role: 'single', source: url(name) })
const start = (name: string) => ({ role: 'start', source: url(name) })
const end = (name: string) => ({ role: 'end', source: url(name) })
const [a, b, c] = [url('a'), url('b'), url('c')]

describe('modes of a video', () => {
  it.each([
    ['none', {}, {}, []],
    ['none', { image: null, first_frame: '' }, { reference_image_url: ' ' }, []],
    ['single', { image: a }, {}, [single('a')]],
    ['single', { reference_image_url: a }, {}, [single('a')]],
    ['single', {}, { reference_image_url: a }, [single('a')]],
    ['single', { image: a, reference_image_url: b }, { reference_image_url: c }, [single('a')]],
    ['single', {}, { reference_image: true, reference_url: a }, [single('a')]],
    ['single', {}, { reference_image: a }, [single('a')]],
    ['none', {}, { reference_image: false, reference_url: a }, []],
    ['start', { first_frame: a }, {}, [start('a')]],
    ['start', {}, { start_reference_url: a }, [start('a')]],
    ['end', { last_frame: a }, {}, [end('a')]],
    ['end', {}, { end_reference_url: a }, [end('a')]],
    ['both', { first_frame: a, last_frame: b }, {}, [start('a'), end('b')]],
    ['both', {}, { start_reference_url: a, end_reference_url: b }, [start('a'), end('b')]],
    ['both', { first_frame: a }, { start_reference_url: c, end_reference_url: b }, [start('a'), end('b')]],
    ['start', { image: c, first_frame: a }, {}, [start('a')]],
  ])('%s of %j and %j', (mode, config, metadata, sources) => {
    const { reference } = planOf(barePayload('video_fast', config, metadata))
    expect(reference).toMatchObject({ mode, sources, strength: mode === 'none' ? null : 0.85, type: null })
  })
})

describe('images', () => {
  it.each([
    ['image_fast', { first_frame: a }, [single('a')]],
    ['image_fast', { last_frame: a }, [single('a')]],
    ['image7b_high_enhanced', { first_frame: a, last_frame: b, image: c }, [single('a'), single('b')]],
    ['sdxl_image_fast', { reference_image_url: a, first_frame: b }, [single('a')]],
    ['sdxl_image_fast', { first_frame: b, last_frame: c }, [single('b')]],
  ] as const)('%s is guided by %j', (type, config, sources) => {
    expect(planOf(barePayload(type, config)).reference).toMatchObject({ mode: 'single', sources })
  })
})

describe('guidance by reference strength', () => {
  it.each([
    [0.1, 5.4],
    [0.5, 7.0],
    [0.9, 8.6],
    [1, 9.0],
    ['0.75', 8.0],
    [0, 5.4],
    [0.05, 5.4],
    [undefined, 8.4],
  ])('strength %j makes guidance %j for WAN', (strength, guidance) => {
    const config = { first_frame: a, sample_guide_scale: 6.5 }
    const plan = planOf(barePayload('video_fast', config, { reference_strength: strength }))
    expect(plan.guidance).toBeCloseTo(guidance, 10)
  })

  it('leaves jobs without reference, and SDXL, as they are', () => {
    expect(planOf(barePayload('video_fast', {}, { reference_strength: 0.9 })).guidance).toBe(6.5)
    const sdxl = planOf(barePayload('sdxl_image_fast', { reference_image_url: a, guidance_scale: 7 }))
    expect(sdxl.guidance).toBe(7)
    expect(sdxl.reference).toMatchObject({ strength: 0.5, type: 'style' })
  })

  it('plans anew without the reference', () => {
    const payload = barePayload('video_fast', { first_frame: a }, { reference_fallback: true })
    expect(planOf(payload).reference.fallback).toBe(true)
    const plan = planOf(payload, { withoutReference: true })
    expect(plan).toMatchObject({
      guidance: 6.5,
      expectedRenderSeconds: 135,
      reference: { mode: 'none', sources: [] },
    })
  })
})

describe('types', () => {
  it('reads them in any case, and refuses others for SDXL only', () => {
    const config = { reference_image_url: a, reference_type: 'Character' }
    expect(planOf(barePayload('sdxl_image_fast', config)).reference.type).toBe('character')
    expect(planOf(barePayload('video_fast', config)).reference.type).toBe('character')
    const odd = { reference_image_url: a, reference_type: 'mood' }
    expect(planOf(barePayload('video_fast', odd)).reference.type).toBeNull()
    expect(errorOf(barePayload('sdxl_image_fast', odd))).toMatchObject({
      field: 'config.reference_type',
      allowed: 'style, composition, character',
    })
  })

  it.each([1.1, -0.1, 85, 'strong'])('refuses strength %j', strength => {
    const payload = barePayload('video_fast', { first_frame: a }, { reference_strength: strength })
    expect(errorOf(payload)).toMatchObject({
      field: 'metadata.reference_strength',
      allowed: 'a number from 0 to 1',
    })
  })

  it('refuses a reference that is announced and not named, unless the job may do without', () => {
    expect(errorOf(barePayload('video_fast', {}, { reference_image: true })).field).toBe(
      'metadata.reference_url',
    )
    const metadata = { reference_image: true, reference_fallback: true }
    expect(planOf(barePayload('video_fast', {}, metadata)).reference.mode).toBe('none')
  })
})

describe('sources', () => {
  const other = USER_ID.replace('5', '6')

  it.each([
    'http://pictures.example.com',
    'https://pictures.example.com:8443/a b.png?token=1#x',
    'HTTPS://pictures.example.com/a.png',
    `reference_images/${USER_ID}/a.png`,
    `workspace_assets/${USER_ID}/deep/er/a (1).png`,
    `image7b_fast_enhanced/${USER_ID}/0.png`,
    `own_bucket/${USER_ID}/0.png`,
    ` reference_images/${USER_ID.toUpperCase()}/a.png `,
  ])('takes %s', source => {
    const plan = planOf(barePayload('video_fast', { first_frame: source }), { outputBuckets: ['own_bucket'] })
    expect(plan.reference.sources).toEqual([{ role: 'start', source: source.trim() }])
  })

  it.each([
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'ftp://pictures.example.com/a.png',
    'javascript:alert(1)',
    'https:pictures.example.com',
    'https://',
    'https://pictures.example.com\\@elsewhere.example.com/',
    'https://pictures.example.com/a\nb',
    '//pictures.example.com/a.png',
    'a.png',
    `/reference_images/${USER_ID}/a.png`,
    `reference_images/${USER_ID}`,
    `reference_images/${USER_ID}/`,
    `reference_images/${USER_ID}//a.png`,
    `reference_images/${USER_ID}/../${other}/a.png`,
    `reference_images/${USER_ID}/./a.png`,
    `reference_images/${USER_ID}/%2e%2e/a.png`,
    `reference_images/${USER_ID}/..\\a.png`,
    `reference_images/${USER_ID}/a\u0000.png`,
    `reference_images/${other}/a.png`,
    `secrets/${USER_ID}/a.png`,
    `https://pictures.example.com/${'x'.repeat(9000)}`,
    7,
    { url: 'https://pictures.example.com/a.png' },
  ])('refuses %j', source => {
    expect(errorOf(barePayload('video_fast', { first_frame: source }))).toMatchObject({
      code: 'invalid_job',
      field: 'config.first_frame',
    })
  })

  it('tells no more of an address than its host', () => {
    const { given } = errorOf(
      barePayload('video_fast', { image: 'ftp://me:secret@pictures.example.com/a?token=secret' }),
    )
    expect(given).toBe('"ftp://pictures.example.com/…"')
  })
})
