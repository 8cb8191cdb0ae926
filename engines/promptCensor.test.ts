import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPromptCensor } from './promptCensor.ts'

const PROMPT =
  'A lighthouse at dusk,\nwith “a red bicycle” before it; película, 夕暮れの灯台と赤い自転車が浜辺に'

function censorOf(...texts: string[]) {
  const { learn, censor } = createPromptCensor()
  for (const text of texts) learn(text)
  return censor
}

test.each([
  ['as it is', `cannot tokenize: ${PROMPT}`, 'cannot tokenize: [redacted]'],
  [
    'as JSON',
    `bad input ${JSON.stringify({ prompt: PROMPT })}`,
    'bad input {"prompt":"[redacted],\\n[redacted]"}',
  ],
  ['cut', `truncated: ${PROMPT.slice(5, 40)}`, 'truncated: [redacted]'],
  ['in small letters and apart', 'lost: lighthouse , at dusk , with', 'lost: [redacted]'],
  ['twice', `${PROMPT} | ${PROMPT}!`, '[redacted] | [redacted]!'],
  ['without blanks', '夕暮れの灯台と赤い自転車が浜辺に (no such token)', '[redacted] (no such token)'],
  ['not at all', 'CUDA out of memory at dusk', 'CUDA out of memory at dusk'],
])('a prompt that a program says %s', (_, said, told) => {
  expect(censorOf('fog', PROMPT)(said)).toBe(told)
})

test('a short prompt is found as a whole word only, and one of three letters is not', () => {
  const censor = censorOf('a cat', 'oom')
  expect(censor('bad: "A cat". a category, data cat, oom')).toBe(
    'bad: "[redacted]". a category, data cat, oom',
  )
})

test('the last prompts are known, the oldest is forgotten', () => {
  const { learn, censor } = createPromptCensor()
  for (let n = 0; n < 30; n++) learn(`lighthouse number ${n}`)
  expect([censor('lighthouse number 29'), censor('lighthouse no 2')]).toEqual([
    '[redacted]',
    'lighthouse no 2',
  ])
  expect(censor('x'.repeat(900_000))).toHaveLength(10_000)
})

test('whatever stands around a prompt, it is hidden and the rest is kept', () => {
  const around = fc.string({ unit: fc.constantFrom('-', ' ', '\n', 'é', 'İ', '🦄', '"', '\u0301', '7') })
  fc.assert(
    fc.property(around, around, (before, after) => {
      const told = censorOf('a red bicycle on the beach')(`${before} a RED bicycle on the beach ${after}`)
      expect(told).toBe(`${before} [redacted] ${after}`)
    }),
  )
})
