import { describe, expect, it } from 'vitest'
import { checkContentPolicy } from './contentPolicy.ts'
import { POLICY_TERMS } from './contentPolicyTerms.ts'

const { minor, sexual, ambiguous, refused } = POLICY_TERMS
const [m = ''] = minor
const [s = ''] = sexual
const allowed = (prompt: string) => checkContentPolicy(prompt).allowed
const spaced = (word: string, by: string) => [...word].join(by)
const weighted = (letter: string, at: number) => (at % 2 === 0 ? `(${letter}:1.2)` : `(${letter})1.2`)

describe('lets harmless prompts pass', () => {
  it.each([
    'a lighthouse at dusk, 8k, f/11, 16:9, 50mm',
    'a girl on a red bicycle',
    'children playing at a lighthouse',
    'a 12 year old boy flying a kite, age 12',
    'two women and a man, portrait, 25 years old',
    'a woman of 45, evening dress, 1920s',
    'soon the therapist, an US flag, classic bass, Essex',
    'a red bicycle (shiny:1.3), (a girl)1.2 on it, Tom & Jerry, <b>',
  ])('%s', prompt => {
    expect(allowed(prompt)).toBe(true)
  })

  it.each([...minor, ...ambiguous])('“%s” alone', term => {
    expect(allowed(`${term} on a red bicycle`)).toBe(true)
  })

  it.each(sexual)('adults with “%s”', term => {
    expect(allowed(`a woman, 30 years old, ${term}, portrait, a man aged 41`)).toBe(true)
  })
})

describe('refuses', () => {
  it('every pair, whatever the order', () => {
    for (const young of [...minor, ...ambiguous]) {
      for (const term of sexual) {
        expect(allowed(`a ${young}, ${term}`), `${young} + ${term}`).toBe(false)
      }
      expect(allowed(`${s} picture of some ${young}s at a lighthouse`), young).toBe(false)
    }
  })

  it.each(['not', 'not yet', 'not an', 'non-', 'pre-', 'almost', 'never'])(
    '“%s adult” is not adult',
    denied => {
      const [young = ''] = ambiguous
      expect(allowed(`${denied} adult ${young}, ${s}`)).toBe(false)
      expect(allowed(`an adult ${young}, ${s}`)).toBe(true)
    },
  )

  it.each(refused)('“%s” alone', term => {
    expect(allowed(`a lighthouse, ${term}`)).toBe(false)
  })

  it.each([
    '15 year old',
    '15.5 years old',
    '0015 years old',
    'age 015',
    '15-year-old',
    '15 years old',
    '15yo',
    '15 yo',
    '15y/o',
    '15 y.o.',
    '15 yrs old',
    'fifteen years old',
    'Sixteen-Year-Old',
    'age 12',
    'aged 12',
    'age: 12',
    'at the age of 12',
    'ages 9',
    'aged nine',
    '17 years of age',
    '16th birthday',
    '18 months old',
    '8 months-old',
    '5 years young',
    'aged between 12 and 15',
    'under 18',
    'under the age of eighteen',
    'almost 16',
    'one five 15 year-old',
    '１５ year old',
    '1️⃣ 9yo',
    '＆#15 years old',
  ])('the age “%s”', age => {
    expect(allowed(`somebody ${age}, ${s}`)).toBe(false)
    expect(allowed(`${s} adult beside somebody ${age}`)).toBe(false)
  })

  it.each([
    '18 years old',
    'twenty-five year old',
    'aged 30',
    '21yo',
    'age 18',
    '118 years old',
    '18+',
    '15.5 mm',
  ])('not the age “%s”', age => {
    expect(allowed(`a woman ${age}, ${s}`)).toBe(true)
  })
})

describe('sees through disguises', () => {
  const disguises: [string, (word: string) => string][] = [
    ['capitals', word => word.toUpperCase()],
    [
      'full width',
      word => word.replace(/[a-z]/g, letter => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)),
    ],
    [
      'mathematical letters',
      word => word.replace(/[a-z]/g, letter => String.fromCodePoint(letter.charCodeAt(0) + 0x1d3b9)),
    ],
    ['accents', word => spaced(word, '\u0301')],
    ['zero width', word => spaced(word, '\u200b')],
    ['bidirectional', word => `\u202e${spaced(word, '\u2066')}`],
    ['soft hyphens and tags', word => spaced(word, '\u00ad\u{e0041}')],
    ['spaces', word => spaced(word, ' ')],
    ['dots', word => spaced(word, '.')],
    ['mixed signs', word => spaced(word, '-_*')],
    [
      'digits for letters',
      word => word.replace(/[eio]/g, letter => ({ e: '3', i: '1', o: '0' })[letter] ?? letter),
    ],
    ['lookalikes', word => word.replace(/[eoc]/g, letter => ({ e: 'е', o: 'о', c: 'с' })[letter] ?? letter)],
    ['long-drawn letters', word => word.replace(/[ieu]/g, letter => letter.repeat(5))],
    ['digits stuck to it', word => `1${word}2`],
    ['underscores', word => `a_${word}_b`],
    ['weights', word => `(${word}:1.3)`],
    ['weights of nothing', word => spaced(word, '(:1.0)')],
    ['weights of both kinds', word => [...word].map(weighted).join('')],
    ['weights within what is no weight', word => `(x(${spaced(word, '(:1.0)')}`],
    ['another weight than what it sticks to', word => `x${word.replace(/./g, '($&:1.2)')}y`],
    ['entities in full width', word => word.replace(/./g, letter => `＆#${letter.charCodeAt(0)};`)],
    ['letters that only modify others', word => spaced(word, '\u02bc')],
    ['byte order marks', word => spaced(word, '\ufeff')],
  ]

  it.each(disguises)('%s', (_, disguise) => {
    expect(disguise(m)).not.toBe(m)
    expect(allowed(`${disguise(m)} at a lighthouse, ${s}`)).toBe(false)
    expect(allowed(`${m} at a lighthouse, ${disguise(s)}`)).toBe(false)
    expect(allowed(`${disguise(m)}, ${disguise(s)}`)).toBe(false)
    expect(allowed(`a ${disguise(m)} at a lighthouse`)).toBe(true)
  })

  it.each(['\u00ad', '\u02bc', '\u200b', '\u200c', '\u20e0', '\ufe0f', '\ufeff'])(
    'words parted by %j, which some tokenizers pass over and others do not',
    sign => {
      expect(allowed(spaced(`a ${m} and ${s}`, sign))).toBe(false)
      expect(allowed(`a ${m} and ${s}`.replaceAll(' ', sign))).toBe(false)
      expect(allowed(`a woman of 30 and ${s}`.replaceAll(' ', sign))).toBe(true)
    },
  )

  it('two terms written as one', () => {
    expect(allowed(`${s}${m}`)).toBe(false)
    expect(allowed(`${m}${s}`)).toBe(false)
  })
})

describe('words with two meanings', () => {
  it.each(ambiguous)('“%s” passes only when said to be adult', term => {
    expect(allowed(`adult ${term}, ${s}`)).toBe(true)
    expect(allowed(`a 25 year old ${term}, ${s}`)).toBe(true)
    expect(allowed(`${term}, 25 years old, ${s}`)).toBe(true)
    expect(allowed(`an adult with a ${term} at the sea, ${s}`)).toBe(false)
    expect(allowed(`adult and ${term}, ${s}`)).toBe(false)
    expect(allowed(`${term} adult man, ${s}`)).toBe(false)
    expect(allowed(`${term}, 25 year old man, ${s}`)).toBe(false)
    expect(allowed(`an adult ${term} and a ${term}, ${s}`)).toBe(false)
  })

  it('a stated adult age does not make a minor one', () => {
    expect(allowed(`25 year old ${m}, ${s}`)).toBe(false)
  })

  it.each(POLICY_TERMS.harmless)('“%s” is no term', phrase => {
    expect(allowed(`${phrase}, a woman of 30, ${s}`)).toBe(true)
    expect(allowed(`${phrase}, a ${m}`)).toBe(true)
  })
})

it('gives a reason that does not repeat the prompt', () => {
  const verdict = checkContentPolicy(`${m} ${s}`)
  if (verdict.allowed) throw new Error('it was allowed')
  expect(verdict.reason).not.toMatch(new RegExp(`${m}|${s}`))
})

it('takes no long time over long prompts', () => {
  const startedMs = performance.now()
  for (const unit of [
    '1',
    '.',
    'a ',
    't.',
    `${m} `,
    '5 years ',
    'adult ',
    '1 .',
    'ﷺ',
    'aaab',
    '(a:1.9)',
    '(',
    '&amp;',
    '＆amp;',
  ]) {
    checkContentPolicy(unit.repeat(10_000 / unit.length))
  }
  expect(performance.now() - startedMs).toBeLessThan(5000)
})
