import { describe, expect, it } from 'vitest'
import { sdxlNegativePrompt } from './negativePrompt.ts'
import { barePayload, errorOf, planOf } from './testing/payloads.ts'

const promptOf = (prompt: unknown) => planOf(barePayload('image_fast', {}, {}, { prompt })).prompt

describe('prompts', () => {
  it.each([
    ['--prompt=$(reboot); a lighthouse', '--prompt=$(reboot); a lighthouse'],
    ['  a\tred\r\nbicycle\n', 'a red bicycle'],
    ['a\u0000 light\u0007house\u001b[0m\u0085', 'a lighthouse[0m'],
    ['a \u202elighthouse\u202c\u2066', 'a lighthouse'],
    ['ein Leuchtturm 灯塔 🚲👩‍🚀', 'ein Leuchtturm 灯塔 🚲👩‍🚀'],
    ['a \ud800lighthouse', 'a \ufffdlighthouse'],
    ['Tom &amp; Jerry at a lighthouse', 'Tom & Jerry at a lighthouse'],
    [
      'salt & pepper, R&D, <b>, a red bicycle (shiny:1.3)',
      'salt & pepper, R&D, <b>, a red bicycle (shiny:1.3)',
    ],
    [
      'a light&#104;ouse, a light&amp;#x68;ouse, a light&ampamp;amp;shy;house',
      'a lighthouse, a lighthouse, a light\u00adhouse',
    ],
    ['&amp;lt;b&gt;', '<b>'],
    ['a &\u0000#108;igh&\u202e#x74house', 'a lighthouse'],
    [`a &${'amp;'.repeat(7)} b`, 'a & b'],
    [`a &${'amp;'.repeat(10)} b`, 'a  amp;amp; b'],
  ])('%j becomes %j', (given, prompt) => {
    expect(promptOf(given)).toBe(prompt)
  })

  it.each(['', '   ', '\u0000\u0001', '\u200b\u2060', '\n\t', '\u202e', '&nbsp;&zwnj;'])(
    'refuses the empty %j',
    prompt => {
      expect(errorOf(barePayload('image_fast', {}, {}, { prompt }))).toMatchObject({
        field: 'prompt',
        given: 'an empty text',
      })
    },
  )

  it.each([null, undefined, 7, ['a lighthouse']])('refuses %j', prompt => {
    expect(errorOf(barePayload('image_fast', {}, {}, { prompt }))).toMatchObject({
      field: 'prompt',
      allowed: 'text',
    })
  })

  it('has a longest length, and does not repeat a prompt that exceeds it', () => {
    expect(promptOf('a'.repeat(10_000))).toHaveLength(10_000)
    expect(errorOf(barePayload('image_fast', {}, {}, { prompt: 'a'.repeat(10_001) })).given).toBe(
      '10001 characters',
    )
  })
})

describe('compel weights', () => {
  const weights = '(sea:1.2)'

  it.each([
    [{}, { compel_weights: weights }, true],
    [{ compel_weights: weights }, {}, true],
    [{ compel_weights: weights }, { compel_enabled: true }, true],
    [{ compel_weights: weights }, { compel_enabled: false }, false],
    [{ compel_weights: weights, compel_enabled: false }, { compel_enabled: true }, false],
    [{}, { compel_weights: '' }, false],
  ])('config %j, top %j: appended is %j', (config, top, appended) => {
    const plan = planOf(barePayload('sdxl_image_fast', config, {}, top))
    expect(plan.prompt).toBe(appended ? 'a lighthouse, (sea:1.2)' : 'a lighthouse')
  })

  it('are read as the prompt is', () => {
    const plan = planOf(barePayload('sdxl_image_fast', { compel_weights: '(light&amp;shy;house:1.2)' }))
    expect(plan.prompt).toBe('a lighthouse, (light\u00adhouse:1.2)')
  })

  it('are for SDXL', () => {
    expect(planOf(barePayload('image_fast', { compel_weights: weights })).prompt).toBe('a lighthouse')
  })
})

describe('negative prompts', () => {
  it.each([
    [{}, {}, { negative_prompt: 'fog' }],
    [{}, { negative_prompt: 'fog' }, {}],
    [{ negative_prompt: 'fog' }, { negative_prompt: 'rain' }, { negative_prompt: 'snow' }],
    [{ negative_prompt: 'f&#111;g' }, {}, {}],
  ])('config %j, metadata %j, top %j', (config, metadata, top) => {
    for (const type of ['sdxl_image_high', 'video_fast'] as const) {
      const plan = planOf(barePayload(type, config, metadata, top))
      expect(plan).toMatchObject({ negativePrompt: 'fog', negativePromptSource: 'payload' })
    }
  })

  it('follow the rules for SDXL, the prompt’s weights left out, and are empty for WAN', () => {
    const top = { prompt: 'a lighthouse', compel_weights: '(two women:1.2)', negative_prompt: '\u0000' }
    expect(planOf(barePayload('sdxl_image_fast', {}, {}, top))).toMatchObject({
      negativePrompt: sdxlNegativePrompt('a lighthouse'),
      negativePromptSource: 'rules',
    })
    expect(planOf(barePayload('video_fast', {}, {}, top))).toMatchObject({
      negativePrompt: '',
      negativePromptSource: 'none',
    })
  })
})
