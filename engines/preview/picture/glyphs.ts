import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import opentype, { type Font, type PathCommand } from 'opentype.js'

export type Weight = 400 | 600

/** One character, ready to be placed. Widths are in ems. */
export interface Glyph {
  char: string
  width: number
  /** SVG path data with the pen at x and the baseline at y. */
  path(x: number, y: number, sizePx: number): string
}

const SUBSETS = ['latin', 'latin-ext', 'vietnamese', 'greek', 'cyrillic', 'cyrillic-ext'] as const

const require = createRequire(import.meta.url)
const fonts = new Map<string, Font>()
const glyphs = new Map<string, Glyph>()

/** The glyph of one character from the font that this program brings with it; a box where the font has none. */
export function glyphOf(char: string, weight: Weight): Glyph {
  const key = `${weight}${char}`
  const known = glyphs.get(key)
  if (known !== undefined) return known
  const glyph = findGlyph(char, weight) ?? box(char)
  glyphs.set(key, glyph)
  return glyph
}

function findGlyph(char: string, weight: Weight): Glyph | undefined {
  for (const subset of SUBSETS) {
    const font = fontOf(subset, weight)
    if (font.charToGlyphIndex(char) === 0) continue
    const glyph = font.charToGlyph(char)
    return {
      char,
      width: (glyph.advanceWidth ?? font.unitsPerEm) / font.unitsPerEm,
      path: (x, y, sizePx) => glyph.getPath(x, y, sizePx).commands.map(pathData).join(''),
    }
  }
  return undefined
}

/** Font files are read when a character first needs them: most prompts need one. */
function fontOf(subset: string, weight: Weight): Font {
  const name = `ibm-plex-sans-${subset}-${weight}-normal.woff`
  const known = fonts.get(name)
  if (known !== undefined) return known
  const file = readFileSync(require.resolve(`@fontsource/ibm-plex-sans/files/${name}`))
  const font = opentype.parse(new Uint8Array(file).buffer)
  fonts.set(name, font)
  return font
}

/** opentype.js has a `toPathData` of its own, which writes NaN for coordinates very near to a whole number. */
function pathData(command: PathCommand): string {
  const list = (...values: number[]) => values.map(value => value.toFixed(2)).join(' ')
  switch (command.type) {
    case 'M':
    case 'L':
      return command.type + list(command.x, command.y)
    case 'Q':
      return `Q${list(command.x1, command.y1, command.x, command.y)}`
    case 'C':
      return `C${list(command.x1, command.y1, command.x2, command.y2, command.x, command.y)}`
    case 'Z':
      return 'Z'
  }
}

function box(char: string): Glyph {
  return {
    char,
    width: 0.62,
    path(x, y, sizePx) {
      const at = (value: number) => (value * sizePx).toFixed(1)
      const left = x + 0.07 * sizePx
      const bottom = y - 0.02 * sizePx
      // The inner outline runs the other way round, so that it cuts a hole.
      return (
        `M${left.toFixed(1)} ${bottom.toFixed(1)}v${at(-0.68)}h${at(0.48)}v${at(0.68)}z` +
        `m${at(0.06)} ${at(-0.06)}h${at(0.36)}v${at(-0.56)}h${at(-0.36)}z`
      )
    },
  }
}
