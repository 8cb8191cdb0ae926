import type { Canvas } from './canvas.ts'
import { type LineNoise, lineNoise } from './noise.ts'
import { mix, type Rgb } from './palette.ts'
import { between, type Random } from './random.ts'

export interface RidgeOptions {
  /** Row of its highest possible point, and of its foot, down to which it is painted. */
  crest: number
  foot: number
  /** Row where the haze at its foot is thickest. */
  haze: number
  colour: Rgb
  hazeColour: Rgb
  /** Peaks in the picture's width, and how jagged they are: octaves of noise. */
  peaks: number
  octaves: number
  jagged: boolean
  /** Pixels that it moves to the left while time goes from 0 to 1. */
  pan: number
  trees: { heightPx: number; density: number } | null
  random: Random
}

/** Paints one ridge over what is already there, at time 0 to 1. */
export type PaintRidge = (canvas: Canvas, time: number) => void

export function createRidge(options: RidgeOptions): PaintRidge {
  const { crest, foot, colour, hazeColour, pan, random } = options
  const noise = lineNoise(random)
  const start = random() * 200
  const trees = options.trees === null ? null : forest(options.trees, random)
  return (canvas, time) => {
    const { width } = canvas
    const tops = new Float32Array(width)
    let highest = foot
    for (let x = 0; x < width; x++) {
      const at = x + pan * time
      const line = profile(noise, start + (at / width) * options.peaks, options)
      const top = crest + (options.haze - crest) * (1 - line) - (trees?.(at) ?? 0)
      tops[x] = top
      if (top < highest) highest = top
    }
    const first = Math.max(0, Math.floor(highest) - 1)
    for (let y = first; y < Math.min(foot, canvas.height); y++) {
      const depth = Math.min(1, Math.max(0, (y - crest) / (options.haze - crest)))
      const [red, green, blue] = mix(colour, hazeColour, depth ** 1.7 * 0.6)
      paintRow(canvas, y, tops, red, green, blue)
    }
  }
}

function paintRow(
  canvas: Canvas,
  y: number,
  tops: Float32Array,
  red: number,
  green: number,
  blue: number,
): void {
  const { pixels, width } = canvas
  let out = y * width * 3
  for (let x = 0; x < width; x++, out += 3) {
    const cover = y + 1 - (tops[x] ?? 0)
    if (cover <= 0) continue
    if (cover >= 1) {
      pixels[out] = red
      pixels[out + 1] = green
      pixels[out + 2] = blue
      continue
    }
    const r = pixels[out] ?? 0
    const g = pixels[out + 1] ?? 0
    const b = pixels[out + 2] ?? 0
    pixels[out] = r + (red - r) * cover
    pixels[out + 1] = g + (green - g) * cover
    pixels[out + 2] = b + (blue - b) * cover
  }
}

function profile(noise: LineNoise, x: number, { octaves, jagged }: RidgeOptions): number {
  const smooth = noise(x, octaves)
  if (!jagged) return smooth
  const folded = 1 - Math.abs(2 * noise(x * 0.8 + 31, octaves) - 1)
  return folded * 0.65 + smooth * 0.35
}

/** Height in pixels of a line of conifers at any place. */
function forest({ heightPx, density }: { heightPx: number; density: number }, random: Random) {
  const spacing = Math.max(3, heightPx * 0.34)
  const heights = Float32Array.from({ length: 512 }, () =>
    random() < density ? heightPx * between(random, 0.35, 1) : 0,
  )
  const shifts = Float32Array.from({ length: 512 }, () => (random() - 0.5) * spacing)
  return (x: number) => {
    const slot = Math.floor(x / spacing)
    let highest = 0
    for (let near = slot - 1; near <= slot + 1; near++) {
      const height = heights[near & 511] ?? 0
      const away = Math.abs(x - (near + 0.5) * spacing - (shifts[near & 511] ?? 0))
      // Branches: the outline narrows in steps, not in a straight line.
      const branch = Math.floor((away / height) * 26) % 2 === 0 ? 0.06 : 0
      const top = height * (1 - away / (height * 0.24) - branch)
      if (height > 0 && top > highest) highest = top
    }
    return highest
  }
}
