import { type Glyph, glyphOf, type Weight } from './glyphs.ts'

export interface TextStyle {
  sizePx: number
  weight: Weight
  /** Extra space after each character, in ems. */
  spacing?: number
}

/** Characters of a text that are looked at; a legend never shows more. */
const MAX_CHARS = 1200

/**
 * Any Unicode, made harmless for one line of a picture: control characters become spaces, invisible and
 * bidirectional marks go, a lone surrogate becomes the replacement character.
 */
export function plainText(text: string): string {
  return text
    .slice(0, MAX_CHARS)
    .normalize('NFC')
    .replace(/\p{Cs}/gu, '\u{FFFD}')
    .replace(/[\p{Cf}\p{Mn}\p{Me}]/gu, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
}

export function textWidth(text: string, style: TextStyle): number {
  return widthOf(glyphsOf(text, style), style)
}

/** SVG path data of one line, with its left end at x and its baseline at y, shrunk if it is wider than `maxWidth`. */
export function textPath(text: string, x: number, y: number, style: TextStyle, maxWidth = Infinity): string {
  const glyphs = glyphsOf(text, style)
  const sizePx = style.sizePx * Math.min(1, maxWidth / Math.max(1, widthOf(glyphs, style)))
  let pen = x
  let path = ''
  for (const glyph of glyphs) {
    if (glyph.char !== ' ') path += glyph.path(pen, y, sizePx)
    pen += (glyph.width + (style.spacing ?? 0)) * sizePx
  }
  return path
}

/** The text in lines of at most `maxWidth` pixels, words whole where they fit; an ellipsis ends it when `maxLines` is too few. */
export function wrapText(text: string, style: TextStyle, maxWidth: number, maxLines: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words(text, style, maxWidth)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (textWidth(longer, style) <= maxWidth) {
      line = longer
      continue
    }
    lines.push(line)
    line = word
    if (lines.length > maxLines) break
  }
  lines.push(line)
  if (lines.length <= maxLines) return lines
  const kept = lines.slice(0, maxLines)
  kept.push(shorten(`${kept.pop() ?? ''} ${lines[maxLines] ?? ''}`, style, maxWidth))
  return kept
}

/** The text with an ellipsis, as much as fits. */
function shorten(text: string, style: TextStyle, maxWidth: number): string {
  const chars = Array.from(text)
  while (chars.length > 0 && textWidth(`${chars.join('')}…`, style) > maxWidth) chars.pop()
  return `${chars.join('').trimEnd()}…`
}

/** The words of a text; one that is wider than a line comes in pieces. */
function* words(text: string, style: TextStyle, maxWidth: number): Generator<string> {
  for (const word of text.split(' ')) {
    if (textWidth(word, style) <= maxWidth) {
      yield word
      continue
    }
    let piece = ''
    for (const char of word) {
      if (textWidth(piece + char, style) > maxWidth) {
        yield piece
        piece = ''
      }
      piece += char
    }
    yield piece
  }
}

function glyphsOf(text: string, style: TextStyle): Glyph[] {
  return Array.from(text, char => glyphOf(char, style.weight))
}

function widthOf(glyphs: readonly Glyph[], style: TextStyle): number {
  return glyphs.reduce((sum, glyph) => sum + (glyph.width + (style.spacing ?? 0)) * style.sizePx, 0)
}
