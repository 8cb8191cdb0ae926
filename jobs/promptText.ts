import { decodeHTML } from 'entities'
import { cleanText } from './cleanText.ts'

/** A text that was escaped on its way is so once or twice. */
const MOST_PASSES = 8

/**
 * A prompt as it is checked, stored and drawn: clean, and without HTML entities, however often they are escaped. WAN's own
 * programs read entities; whatever they could still find here, the content policy would not have seen.
 */
export function promptText(given: string): string {
  let text = cleanText(given)
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const read = cleanText(decodeHTML(text))
    if (read === text) return text
    text = read
  }
  return cleanText(text.replaceAll('&', ' '))
}
