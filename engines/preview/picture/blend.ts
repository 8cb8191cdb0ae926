import type { Canvas } from './canvas.ts'
import type { CloudTexture } from './noise.ts'
import type { Reference } from './reference.ts'

/** Lays a guiding reference over the canvas. */
export type PaintGuide = (canvas: Canvas) => void

/**
 * How a guiding picture shows: `composition` by its light and shade, `character` and no type as a second exposure that
 * fades towards the edges; stronger with `strength`. `style` has lent its colours to the palette, and paints nothing.
 */
export function createGuide(reference: Reference, type: string | null, strength: number): PaintGuide {
  const { pixels, width, height } = reference.picture
  if (type === 'style') return () => undefined
  if (type === 'composition') {
    return canvas => {
      for (let i = 0; i < pixels.length; i += 3) {
        const light =
          (0.3 * (pixels[i] ?? 0) + 0.59 * (pixels[i + 1] ?? 0) + 0.11 * (pixels[i + 2] ?? 0)) / 255
        const factor = 1 + (0.3 + 1.35 * light - 1) * strength
        for (let at = i; at < i + 3; at++)
          canvas.pixels[at] = Math.min(255, (canvas.pixels[at] ?? 0) * factor)
      }
    }
  }
  const weights = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const away = Math.hypot((x / width - 0.5) * 1.5, (y / height - 0.42) * 1.5)
      weights[y * width + x] = Math.min(1, Math.max(0, 1.25 - away)) * (0.15 + 0.75 * strength)
    }
  }
  return canvas => {
    for (let i = 0, pixel = 0; i < pixels.length; i += 3, pixel++) {
      const weight = weights[pixel] ?? 0
      for (let at = i; at < i + 3; at++) {
        const under = canvas.pixels[at] ?? 0
        canvas.pixels[at] = under + ((pixels[at] ?? 0) - under) * weight
      }
    }
  }
}

/** Lays a reference over the canvas that drifts closer and dissolves: whole at progress 0, gone at 1. */
export type PaintDissolve = (canvas: Canvas, progress: number) => void

const SOFTNESS = 0.3

export function createDissolve(reference: Reference, texture: CloudTexture): PaintDissolve {
  const { pixels, width, height } = reference.picture
  const lasting = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const noise = texture.sample((x / width) * 96, (y / width) * 96)
      lasting[y * width + x] = Math.min(1, Math.max(0, (noise - 0.25) * 2))
    }
  }
  return (canvas, progress) => {
    const zoom = 1 / (1 + 0.16 * progress)
    const threshold = progress * (1 + SOFTNESS) - SOFTNESS
    for (let y = 0; y < height; y++) {
      const sourceY = (y - height / 2) * zoom + height / 2
      const row = Math.min(height - 2, Math.floor(sourceY))
      const v = Math.min(1, sourceY - row)
      for (let x = 0; x < width; x++) {
        const weight = Math.min(1, ((lasting[y * width + x] ?? 0) - threshold) / SOFTNESS)
        if (weight <= 0) continue
        const sourceX = (x - width / 2) * zoom + width / 2
        const column = Math.min(width - 2, Math.floor(sourceX))
        const u = Math.min(1, sourceX - column)
        const out = (y * width + x) * 3
        const from = (row * width + column) * 3
        for (let channel = 0; channel < 3; channel++) {
          const at = from + channel
          const above = (pixels[at] ?? 0) * (1 - u) + (pixels[at + 3] ?? 0) * u
          const below = (pixels[at + width * 3] ?? 0) * (1 - u) + (pixels[at + width * 3 + 3] ?? 0) * u
          const under = canvas.pixels[out + channel] ?? 0
          canvas.pixels[out + channel] = under + (above + (below - above) * v - under) * weight
        }
      }
    }
  }
}
