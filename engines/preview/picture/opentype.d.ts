// The part of opentype.js that we use: its own types are those of an older version and pull in the browser's.
declare module 'opentype.js' {
  export type PathCommand =
    | { type: 'M' | 'L'; x: number; y: number }
    | { type: 'Q'; x1: number; y1: number; x: number; y: number }
    | { type: 'C'; x1: number; y1: number; x2: number; y2: number; x: number; y: number }
    | { type: 'Z' }
  export interface Font {
    unitsPerEm: number
    /** 0 where the font has no such glyph. */
    charToGlyphIndex(char: string): number
    charToGlyph(char: string): {
      advanceWidth?: number
      getPath(x: number, y: number, sizePx: number): { commands: PathCommand[] }
    }
  }
  const opentype: { parse(file: ArrayBuffer): Font }
  export default opentype
}
