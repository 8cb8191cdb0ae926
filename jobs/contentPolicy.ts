import { POLICY_TERMS, type TermKind } from './contentPolicyTerms.ts'
import { foldings, readings } from './foldText.ts'
import { weightedTexts } from './promptWeights.ts'
import { AGE_MARKS, markAges } from './statedAges.ts'

export type PolicyVerdict = { allowed: true } | { allowed: false; reason: string }

/** Longer words are no compounds of two terms, and would only take time. */
const LONGEST_COMPOUND = 30

const kinds: Map<string, TermKind> = new Map()
const phrases: { kind: TermKind; text: string }[] = []
for (const kind of ['minor', 'ambiguous', 'sexual', 'refused', 'harmless'] as const) {
  for (const term of POLICY_TERMS[kind].flatMap(singular => [singular, `${singular}s`])) {
    if (term.includes(' ')) phrases.push({ kind, text: ` ${term} ` })
    else kinds.set(term, kind)
  }
}
kinds.set(AGE_MARKS.minor, 'minor')

const ambiguous = `(?:${POLICY_TERMS.ambiguous.join('|')})s?`
const adult = `(?:adult|${AGE_MARKS.adult})`
/** `not adult girl` says the contrary; `not yet an adult girl` too. */
const notDenied = String.raw`(?<!(?<!\p{L})(?:not|non|pre|un|never|yet|almost|nearly|hardly|barely)[^\p{L}]{1,3}(?:\p{L}{1,4}[^\p{L}]{1,3})?)`
/** An adult age said of the very person, nothing between: `adult girl`, `25 year old girl`; `girl, who is 25 years old,`. */
const SAID_TO_BE_ADULT = new RegExp(
  `(?<!\\p{L})${notDenied}(?:${adult}\\s+${ambiguous}|${ambiguous}[\\s,(]+(?:who\\s+)?(?:is\\s+)?${AGE_MARKS.adult}\\s*(?=[,.;)]|$))(?!\\p{L})`,
  'gu',
)

/**
 * Refuses prompts that sexualise minors: a term that denotes somebody under 18, or an age, together with a sexual one, through
 * the usual disguises. In doubt it refuses. English only: a better judge may take this function's place. The reason never
 * repeats the prompt.
 */
export function checkContentPolicy(prompt: string): PolicyVerdict {
  const told = new Set(drawnTexts(prompt).flatMap(foldings))
  const found = new Set([...told].flatMap(text => readings(withoutAdults(text)).flatMap(kindsIn)))
  const young = found.has('minor') || found.has('ambiguous')
  if (found.has('refused')) return { allowed: false, reason: 'a term that sexualises minors' }
  if (!young || !found.has('sexual')) return { allowed: true }
  return { allowed: false, reason: 'a term that may denote a minor beside a sexual one' }
}

/** As it stands, and as SDXL is given it: less the marks of weights, as one text and in its parts. */
function drawnTexts(prompt: string): string[] {
  const texts = weightedTexts(prompt)
  return [prompt, texts.join(''), texts.join(' ')]
}

const withoutAdults = (folded: string) => markAges(folded).replace(SAID_TO_BE_ADULT, ' ')

function kindsIn(sentence: string): TermKind[] {
  const text = withoutHarmless(` ${sentence} `)
  const inPhrases = phrases.filter(phrase => text.includes(phrase.text)).map(({ kind }) => kind)
  return [...inPhrases, ...text.split(' ').flatMap(kindsOfWord)]
}

function withoutHarmless(text: string): string {
  return phrases
    .filter(({ kind }) => kind === 'harmless')
    .reduce((left, phrase) => left.replaceAll(phrase.text, ' '), text)
}

/** A word is a term, or two terms written as one. */
function kindsOfWord(word: string): TermKind[] {
  const kind = kinds.get(word)
  if (kind !== undefined) return [kind]
  if (word.length > LONGEST_COMPOUND) return []
  for (let at = 3; at <= word.length - 3; at++) {
    const first = kinds.get(word.slice(0, at))
    const second = kinds.get(word.slice(at))
    if (first !== undefined && second !== undefined) return [first, second]
  }
  return []
}
