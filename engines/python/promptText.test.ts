import fc from 'fast-check'
import { expect, it } from 'vitest'
import { foldings } from '../../jobs/foldText.ts'
import { promptText } from '../../jobs/promptText.ts'
import { weightedTexts } from '../../jobs/promptWeights.ts'
import { HOSTILE_TEXTS } from '../../test/hostile/corpus/payloads.ts'
import { runPython } from './testing/runPython.ts'

const READ = `
import html, json, sys
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from ourvidz_engine.sdxl.prompt_weights import weighted_parts
from ourvidz_engine.wan.text_encoder import cleaned
print(json.dumps([
    {"parts": [part.text for part in weighted_parts(text)], "unescaped": html.unescape(text),
     "wan": cleaned(text), "bare": prompt_clean(text)}
    for text in json.load(sys.stdin)
]))`

interface Reading {
  parts: string[]
  unescaped: string
  wan: string
  bare: string
}

const readByPython = async (texts: string[]) => (await runPython(READ, texts)) as Reading[]

const PIECES = [
  ...['&', 'amp;', 'amp', '#38;', '#x26', 'lt;', 'not', 'shy;', 'zwnj;', '#110;', '#0;', '#x80;', 'NTILDE;'],
  ...[
    '(',
    ')',
    '\\',
    ':',
    '1.3',
    '.5',
    '0',
    ':1.0)',
    '(:1.0)',
    ')1.2',
    ' ',
    ',',
    '_',
    'a',
    'lighthouse',
    'é',
  ],
  ...[
    '＆',
    '；',
    '（',
    'ﬁ',
    'ŉ',
    '’',
    'ʼ',
    'ï½',
    'Ž',
    'Ã©',
    '\u00ad',
    '\u200b',
    '\ufeff',
    '\ufffc',
    '\u0301',
    '灯',
  ],
]
const texts = fc
  .sample(fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }), { numRuns: 3000, seed: 1 })
  .map(pieces => promptText(pieces.join('')))
const corpus = HOSTILE_TEXTS.map(promptText)

it('what is checked is what is drawn', async () => {
  const given = [...corpus, ...texts]
  for (const [index, { parts, unescaped, wan }] of (await readByPython(given)).entries()) {
    const text = given[index] ?? ''
    expect(weightedTexts(text).join('|'), text).toBe(parts.join('|'))
    expect(unescaped, text).toBe(text)
    const [asChecked, asDrawn] = [text, wan].map(each => foldings(each).map(words))
    expect(asDrawn, text).toEqual(asChecked)
  }
})

it('harmless prompts are cleaned as diffusers cleans them', async () => {
  const harmless = [
    'a  red bicycle (shiny:1.3), 8k',
    '“salt” & ‘pepper’, it’s R&D <b>',
    '一座灯塔，在海边！　ＬＥＤ　光',
    'ﬁne cafe\u0301, naïve, 10³ €, 👩‍🚀🚲',
  ]
  for (const { wan, bare } of await readByPython(harmless)) expect(wan).toBe(bare)
})

/** Quotation marks are no letters, however they are curled. */
function words(folded: string): string[] {
  return folded.match(/[\p{L}\p{N}]+/gu) ?? []
}
