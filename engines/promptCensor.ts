import { WITHHELD } from '../jobs/textCensor.ts'

/** Letters and digits of a prompt in a row that are its words rather than chance. */
const PIECE = 12
/** A prompt shorter than that is looked for as a whole; one shorter than this may be any word. */
const SHORTEST = 4
/** The program may still speak of jobs that are over, but not for long. */
const MOST_TEXTS = 24
/** Nothing that is kept of a program's words is as long, and a message may be of 1 MiB. */
const LONGEST = 10_000

export interface PromptCensor {
  /** What a user wrote, or the program made of it. */
  learn(text: string): void
  /** The text, cut to 10,000 characters, without what was learnt and without longer pieces of it. */
  censor(text: string): string
}

/**
 * Keeps prompts out of what a program says of its failures, which logs repeat. A program may cut them, split them into
 * lines, quote them or write them in small letters: so only letters and digits are compared, a few in a row at a time.
 */
export function createPromptCensor(): PromptCensor {
  const known = new Map<string, ReadonlySet<string>>()

  function piecesAt(read: Letters, index: number): number {
    const piece = read.letters.slice(index, index + PIECE)
    for (const [whole, pieces] of known) {
      if (whole.length >= PIECE ? pieces.has(piece) : isWord(read, index, whole)) {
        return Math.min(whole.length, PIECE)
      }
    }
    return 0
  }

  return {
    learn(text) {
      const { letters } = lettersOf(text)
      if (letters.length < SHORTEST) return
      const pieces = known.get(letters) ?? piecesOf(letters)
      known.delete(letters)
      known.set(letters, pieces)
      const [oldest] = known.keys()
      if (known.size > MOST_TEXTS && oldest !== undefined) known.delete(oldest)
    },

    censor(text) {
      const read = lettersOf(text.slice(0, LONGEST))
      let censored = ''
      let toldUntil = 0
      let hiddenUntil = 0
      for (let index = 0; index < read.letters.length; index++) {
        const length = piecesAt(read, index)
        if (length === 0) continue
        const start = read.starts[index] ?? 0
        if (start >= hiddenUntil) censored += read.text.slice(toldUntil, start) + WITHHELD
        hiddenUntil = Math.max(hiddenUntil, read.ends[index + length - 1] ?? 0)
        toldUntil = hiddenUntil
      }
      return censored + read.text.slice(toldUntil)
    },
  }
}

interface Letters {
  text: string
  letters: string
  /** Where each letter begins and ends in the text. */
  starts: number[]
  ends: number[]
}

function lettersOf(text: string): Letters {
  const read: Letters = { text, letters: '', starts: [], ends: [] }
  for (const { 0: found, index } of text.matchAll(/[\p{L}\p{N}\p{Extended_Pictographic}]/gu)) {
    const small = found.toLowerCase()
    read.letters += small
    for (let unit = 0; unit < small.length; unit++) {
      read.starts.push(index)
      read.ends.push(index + found.length)
    }
  }
  return read
}

function piecesOf(letters: string): ReadonlySet<string> {
  const pieces = new Set<string>()
  for (let index = 0; index + PIECE <= letters.length; index++)
    pieces.add(letters.slice(index, index + PIECE))
  return pieces
}

/** Whether the short text stands there, and is no part of longer words. */
function isWord({ letters, starts, ends }: Letters, index: number, short: string): boolean {
  const end = index + short.length
  if (!letters.startsWith(short, index)) return false
  return starts[index] !== ends[index - 1] && starts[end] !== ends[end - 1]
}
