import sharp from 'sharp'
import type { Canvas, Rect } from './canvas.ts'

/** A small picture with transparency, at its place on a canvas: four bytes a pixel. */
export interface Sprite extends Rect {
  rgba: Uint8Array
}

/** Rasterises SVG of exactly `rect`'s size. The SVG holds shapes and paths only, so no font is ever looked for. */
export async function rasterise(svg: string, rect: Rect): Promise<Sprite> {
  const document = `<svg xmlns="http://www.w3.org/2000/svg" width="${rect.width}" height="${rect.height}">${svg}</svg>`
  const rgba = await sharp(Buffer.from(document)).ensureAlpha().raw().toBuffer()
  return { ...rect, rgba }
}

/** Lays a sprite over a canvas; `opacity` 0 to 1. Parts outside of the canvas are left out. */
export function blend(canvas: Canvas, sprite: Sprite, opacity = 1): void {
  const { pixels, width, height } = canvas
  const firstRow = Math.max(0, -sprite.top)
  const lastRow = Math.min(sprite.height, height - sprite.top)
  const firstColumn = Math.max(0, -sprite.left)
  const lastColumn = Math.min(sprite.width, width - sprite.left)
  for (let row = firstRow; row < lastRow; row++) {
    let from = (row * sprite.width + firstColumn) * 4
    let to = ((sprite.top + row) * width + sprite.left + firstColumn) * 3
    for (let column = firstColumn; column < lastColumn; column++, from += 4, to += 3) {
      const alpha = ((sprite.rgba[from + 3] ?? 0) / 255) * opacity
      if (alpha === 0) continue
      for (let channel = 0; channel < 3; channel++) {
        const under = pixels[to + channel] ?? 0
        pixels[to + channel] = Math.round(under + ((sprite.rgba[from + channel] ?? 0) - under) * alpha)
      }
    }
  }
}
