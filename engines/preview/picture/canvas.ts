/** A picture in memory: `pixels` holds red, green, blue of every pixel, row by row, one byte each. */
export interface Canvas {
  width: number
  height: number
  pixels: Uint8Array
}

/** A part of a canvas, in whole pixels. */
export interface Rect {
  left: number
  top: number
  width: number
  height: number
}

export function createCanvas(width: number, height: number): Canvas {
  return { width, height, pixels: new Uint8Array(width * height * 3) }
}
