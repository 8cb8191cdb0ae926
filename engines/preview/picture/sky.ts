import type { Canvas, Rect } from './canvas.ts'
import { cloudTexture } from './noise.ts'
import { mix, type Palette, type Rgb } from './palette.ts'
import { between, type Random } from './random.ts'

/** The sky is computed on a coarse grid of this many pixels, and drawn between its points. */
const CELL = 4

/** Parts of a tone added before it is cut to a whole one: a fine pattern, where even steps would show as bands. */
const DITHER = Float32Array.from([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5], part => part / 16)

export interface SkyOptions {
  width: number
  /** The part of the picture that nothing covers: the sun is in it. */
  stage: Rect
  /** Row of the horizon. */
  horizon: number
  palette: Palette
  random: Random
  clouds: number
}

/** Paints rows 0 to `horizon` at time 0 to 1. */
export type PaintSky = (canvas: Canvas, time: number) => void

/** A gradient sky with drifting clouds, a sun that sinks slowly, and stars at night. */
export function createSky(options: SkyOptions): PaintSky {
  const { width, stage, horizon, palette, random, clouds } = options
  const texture = cloudTexture(random)
  const radius = Math.min(stage.width, stage.height) * between(random, 0.07, 0.13)
  const sunX = stage.left + stage.width * between(random, 0.24, 0.7)
  const sunTop = horizon * between(random, 0.34, 0.62)
  const sinks = horizon * between(random, 0.1, 0.22)
  const reach = radius * between(random, 3.2, 5)
  const columns = Math.ceil(width / CELL) + 1
  const rows = Math.ceil(horizon / CELL) + 1
  const grid = new Float32Array(columns * rows * 3)
  const stars = palette.stars ? starField(random, width, horizon) : []

  return (canvas, time) => {
    const sunY = sunTop + sinks * time
    const drift = time * 26
    // Light takes the horizon's colour on its way, or a dark sky would turn grey around the sun.
    const light = mix(palette.sun, palette.sky[3], 0.55)
    for (let row = 0; row < rows; row++) {
      const y = row * CELL
      const base = gradient(palette, y / horizon)
      const stretch = 0.25 + 1.6 * (y / horizon)
      for (let column = 0; column < columns; column++) {
        const x = column * CELL
        const distance = Math.hypot(x - sunX, y - sunY)
        const glow = Math.exp(-distance / reach) * 0.68
        const noise = texture.sample((x / width) * 150 + drift, (y / horizon) * 90 * stretch)
        const cover = Math.min(1, Math.max(0, (noise - 0.62 + clouds * 0.3) * 4)) * 0.55
        const lit = 0.25 + 0.75 * Math.exp(-distance / (reach * 2.2))
        const index = (row * columns + column) * 3
        for (let channel = 0; channel < 3; channel++) {
          const sun = light[channel] ?? 255
          const plain = base[channel] ?? 0
          const glowing = plain + (sun - plain) * glow
          const cloud = plain + (sun - plain) * lit * 0.65 + 6
          grid[index + channel] = glowing + (cloud - glowing) * cover
        }
      }
    }
    spread(canvas, grid, columns, horizon)
    for (const star of stars) twinkle(canvas, star, time)
    disc(canvas, sunX, sunY, radius, palette.sun, horizon)
  }
}

function gradient(palette: Palette, position: number): Rgb {
  const [top, high, low, end] = palette.sky
  if (position < 0.4) return mix(top, high, position / 0.4)
  if (position < 0.75) return mix(high, low, (position - 0.4) / 0.35)
  return mix(low, end, Math.min(1, (position - 0.75) / 0.25))
}

/** Draws the coarse grid at full size. */
function spread(canvas: Canvas, grid: Float32Array, columns: number, rows: number): void {
  const { width, pixels } = canvas
  const line = new Float32Array(columns * 3)
  for (let y = 0; y < rows; y++) {
    const above = Math.floor(y / CELL) * columns * 3
    const v = (y % CELL) / CELL
    for (let i = 0; i < line.length; i++) {
      const upper = grid[above + i] ?? 0
      line[i] = upper + ((grid[above + columns * 3 + i] ?? upper) - upper) * v
    }
    let out = y * width * 3
    for (let x = 0; x < width; x++) {
      const left = (x >> 2) * 3
      const u = (x & 3) * 0.25
      const dither = DITHER[(y & 3) * 4 + (x & 3)] ?? 0
      for (let channel = left; channel < left + 3; channel++) {
        const a = line[channel] ?? 0
        pixels[out++] = Math.min(255, a + ((line[channel + 3] ?? a) - a) * u + dither)
      }
    }
  }
}

interface Star {
  offset: number
  light: number
  phase: number
}

function starField(random: Random, width: number, horizon: number): Star[] {
  return Array.from({ length: Math.round((width * horizon) / 2200) }, () => {
    const height = random() ** 1.6
    return {
      offset: (Math.floor(height * horizon * 0.85) * width + Math.floor(random() * width)) * 3,
      light: (1 - height) * between(random, 0.25, 1),
      phase: random() * 6.28,
    }
  })
}

function twinkle(canvas: Canvas, star: Star, time: number): void {
  const light = star.light * (0.75 + 0.25 * Math.sin(star.phase + time * 20)) * 190
  for (let i = star.offset; i < star.offset + 3; i++) {
    canvas.pixels[i] = Math.min(255, (canvas.pixels[i] ?? 0) + light)
  }
}

function disc(canvas: Canvas, x: number, y: number, radius: number, colour: Rgb, bottom: number): void {
  const last = Math.min(bottom - 1, Math.ceil(y + radius))
  for (let row = Math.max(0, Math.floor(y - radius)); row <= last; row++) {
    for (let column = Math.max(0, Math.floor(x - radius)); column <= x + radius; column++) {
      if (column >= canvas.width) break
      const cover = Math.min(1, Math.max(0, radius - Math.hypot(column - x, row - y)))
      const index = (row * canvas.width + column) * 3
      for (let channel = 0; channel < 3; channel++) {
        const under = canvas.pixels[index + channel] ?? 0
        canvas.pixels[index + channel] = under + ((colour[channel] ?? 255) - under) * cover
      }
    }
  }
}
