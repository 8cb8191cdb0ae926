import { promptText } from './promptText.ts'

/** Letters of other scripts that pass for Latin ones, and one that passes for an apostrophe, in pairs. */
const LOOKALIKES = new Map(
  "аa еe оo рp сc уy хx іi јj ѕs ԁd кk мm тt нh вb гr ɡg ıi ɑa αa εe ιi κk νv οo ρp τt υu χx øo łl đd ʼ'"
    .split(' ')
    .map(([from = '', to = '']) => [from, to]),
)
const DIGIT_LETTERS = new Map(
  ['0o', '1i', '3e', '4a', '5s', '7t', '8b', '9g', '@a', '$s', '!i', '|i', '€e'].map(
    ([from = '', to = '']) => [from, to],
  ),
)

/** Marks on letters, letters that only modify others, and what cannot be seen. */
const INVISIBLE = /(?!ʼ)[\p{M}\p{Lm}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Lower case Latin letters as far as possible: compatibility forms, accents, invisible characters and lookalikes folded. Once
 * passing over what is invisible, once parting words there, as tokenizers do either, and once with entities in full width read.
 */
export function foldings(text: string): string[] {
  const wide = text.normalize('NFKC')
  return [text, wide.replace(INVISIBLE, ' '), promptText(wide)].map(fold)
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\t\n\v\f\r]/g, ' ')
    .replace(INVISIBLE, '')
    .replace(/[^\p{ASCII}]/gu, letter => LOOKALIKES.get(letter) ?? letter)
}

/**
 * Folded text as sentences of words and single blanks, one for each trick that hides a word: none, digits stuck to it,
 * digits for letters, punctuation inside it, its letters spaced out; each also with long-drawn letters shortened.
 */
export function readings(folded: string): string[] {
  const spelled = folded.replace(/[^\s,;.]+/g, spellOut)
  const told = [
    folded,
    folded.replace(/\d+/g, ' '),
    spelled,
    spelled.replace(/(?<=\p{L})[^\p{L}\s,;]+(?=\p{L})/gu, ''),
    joinSpacedOut(sentence(spelled)),
  ].map(sentence)
  const shortened = ['$1', '$1$1'].flatMap(by => told.map(text => text.replace(/(\p{L})\1{2,}/gu, by)))
  return [...new Set([...told, ...shortened])]
}

/** Numbers stay numbers; a lone digit may be one letter of a spaced-out word. */
function spellOut(word: string): string {
  if (word.length > 1 && !/\p{L}/u.test(word)) return word
  return word.replace(/[0-9@$!|€]/g, sign => DIGIT_LETTERS.get(sign) ?? sign)
}

const sentence = (text: string) => (text.match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')

/** `c a t` becomes `cat`; without its first and last letter too, as "a" may stand before a word. */
function joinSpacedOut(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}])\p{L}(?: \p{L}){2,}(?![\p{L}\p{N}])/gu, run => {
    const word = run.replaceAll(' ', '')
    return `${word} ${word.slice(1)} ${word.slice(0, -1)}`
  })
}
