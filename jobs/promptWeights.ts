/** As Python's `strip` has it, to which a byte order mark is no blank. */
const IS_BLANK = /^[^\S\ufeff]*$/

interface Part {
  text: string
  weight: number
}

const LOWEST = 0.05
const HIGHEST = 2
/** As in Python, for clean text, which has no other blanks of ASCII than these. */
const MARKS =
  /\\(?<escaped>[()])|(?<open>\()|(?<! ) *: *(?<inside>\d{1,4}(\.\d{0,6})?|\.\d{1,6}) *\)|\)(?<behind>\d{0,4}\.\d{1,6})(?!\.?\w)|\)/g

/**
 * The texts that SDXL is given for a prompt, one for each stretch of one weight, without the marks: what `weighted_parts` of
 * `sdxl/prompt_weights.py` gives, step by step, which a test of the engine watches over.
 */
export function weightedTexts(prompt: string): string[] {
  const parts: Part[] = []
  const opened: number[] = []
  const add = (text: string) => parts.push({ text, weight: 1 })
  let position = 0
  for (const mark of prompt.matchAll(MARKS)) {
    add(prompt.slice(position, mark.index))
    position = mark.index + mark[0].length
    const { escaped, open, inside, behind } = mark.groups ?? {}
    const number = inside ?? behind
    if (escaped !== undefined) add(escaped)
    else if (open !== undefined) opened.push(add(open) - 1)
    else {
      const start = opened.pop()
      if (start === undefined) add(mark[0])
      else if (number === undefined) add(')')
      else {
        parts.splice(start, 1, { text: '', weight: 1 })
        for (const part of parts.slice(start)) part.weight *= Number(number)
      }
    }
  }
  add(prompt.slice(position))
  return joined(parts)
}

/** Neighbours of one weight are one text, as the tokenizer sees them. */
function joined(parts: readonly Part[]): string[] {
  const texts: Part[] = []
  for (const { text, weight: given } of parts) {
    const weight = Math.min(HIGHEST, Math.max(LOWEST, given))
    const last = texts.at(-1)
    if (last !== undefined && (last.weight === weight || IS_BLANK.test(text))) last.text += text
    else if (text !== '') texts.push({ text, weight })
  }
  return texts.map(({ text }) => text)
}
