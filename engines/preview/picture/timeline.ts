import type { Canvas, Rect } from './canvas.ts'
import type { Rgb } from './palette.ts'
import { blend, rasterise, type Sprite } from './sprite.ts'
import { textPath } from './text.ts'

/** Paints the time bar and the counter of one frame, counted from 0. */
export type PaintTimeline = (canvas: Canvas, frame: number, opacity: number) => void

const CHARACTERS = '0123456789/'

/** A bar that fills as the video goes on, and a counter `41/81` at its right end. */
export async function createTimeline(place: Rect, frames: number, colour: Rgb): Promise<PaintTimeline> {
  const sizePx = place.height
  const cell = Math.ceil(sizePx * 0.62)
  const sprites = await Promise.all(
    Array.from(CHARACTERS, char => {
      const path = textPath(char, 0, sizePx * 0.85, { sizePx, weight: 600 })
      return rasterise(`<path fill="#fff" d="${path}"/>`, { left: 0, top: 0, width: cell, height: sizePx })
    }),
  )
  const digits = new Map(Array.from(CHARACTERS, (char, index) => [char, sprites[index]]))
  const total = String(frames)
  const counterWidth = (total.length * 2 + 1) * cell
  const bar = { left: place.left, width: place.width - counterWidth - sizePx }
  const thickness = Math.max(3, Math.round(sizePx * 0.3))
  const top = place.top + Math.round((sizePx - thickness) / 2)

  return (canvas, frame, opacity) => {
    const filled = Math.round((bar.width * (frame + 1)) / frames)
    const strip = (left: number, width: number, tone: Rgb, alpha: number) =>
      blend(canvas, solid({ left, top, width, height: thickness }, tone, alpha), opacity)
    strip(bar.left + filled, bar.width - filled, [255, 255, 255], 0.25)
    strip(bar.left, filled, colour, 1)
    const counter = `${String(frame + 1).padStart(total.length, '0')}/${total}`
    let left = place.left + place.width - counterWidth
    for (const char of counter) {
      const sprite = digits.get(char)
      if (sprite !== undefined) blend(canvas, { ...sprite, left, top: place.top }, opacity)
      left += cell
    }
  }
}

function solid(rect: Rect, colour: Rgb, alpha: number): Sprite {
  const rgba = new Uint8Array(rect.width * rect.height * 4)
  for (let i = 0; i < rgba.length; i += 4) rgba.set([...colour, alpha * 255], i)
  return { ...rect, rgba }
}
