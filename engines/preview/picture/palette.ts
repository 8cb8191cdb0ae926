import { between, pick, type Random } from './random.ts'

/** Red, green, blue, 0 to 255, not rounded. */
export type Rgb = readonly [number, number, number]

export interface Palette {
  /** From the top of the sky down to the horizon. */
  sky: readonly [Rgb, Rgb, Rgb, Rgb]
  sun: Rgb
  /** The farthest and the nearest ridge. */
  far: Rgb
  near: Rgb
  stars: boolean
}

type Row = readonly [sky: string, sun: string, far: string, near: string, stars?: 'stars']

const ROWS: readonly [Row, ...Row[]] = [
  ['1d1b3a 6a2c5b e0605a ffc57a', 'fff1c9', 'c0606c', '150f22'], // ember dusk
  ['0f2a44 2f6b8a 9cc9c4 fbe6c2', 'fffbe8', '7ba6ac', '0a1822'], // northern dawn
  ['2b2350 6f5aa0 d79ac0 fde0d0', 'fff4e6', 'a98cb8', '191330'], // lavender
  ['173a3a 4f8577 b9cfa6 f3eccb', 'fffce0', '8db09a', '0a1b18'], // forest mist
  ['274060 6b8fb0 f0c595 f7a35f', 'fff3d6', 'd08a62', '2c1418'], // desert
  ['05081a 0d1b3e 27406f 6f8fbe', 'f4f7ff', '37527f', '03060f', 'stars'], // moonlight
  ['0b3c5d 3a86b5 f4b8b0 fde4c8', 'fff6ea', '8fa9c4', '0a1c2e'], // coral sea
  ['04121f 0b3b46 1f7a6b a7e3b0', 'effff4', '2f7d74', '020b10', 'stars'], // aurora
  ['3b1f4a 93385f ee7752 f9d976', 'fff6d8', 'cf6a5c', '1b0f22'], // tropic
  ['3c4f65 8199ad ccd5d8 f5efe3', 'ffffff', 'a9b7c0', '141d28'], // winter
]

export function mix(from: Rgb, to: Rgb, amount: number): Rgb {
  return [
    from[0] + (to[0] - from[0]) * amount,
    from[1] + (to[1] - from[1]) * amount,
    from[2] + (to[2] - from[2]) * amount,
  ]
}

/** One of the curated palettes, slightly tinted; `vividness` 1 leaves its saturation as it is. */
export function choosePalette(random: Random, vividness: number): Palette {
  const [sky, sun, far, near, stars] = pick(random, ROWS)
  const tint: Rgb = [between(random, -12, 12), between(random, -10, 10), between(random, -12, 12)]
  const shade = (hex: string) => saturate(add(parse(hex), tint), vividness)
  const [top = '', high = '', low = '', horizon = ''] = sky.split(' ')
  return {
    sky: [shade(top), shade(high), shade(low), shade(horizon)],
    sun: parse(sun),
    far: shade(far),
    near: shade(near),
    stars: stars === 'stars',
  }
}

/** A palette that leans towards colours taken from a reference, top to bottom. */
export function leanTowards(palette: Palette, colours: readonly Rgb[], amount: number): Palette {
  const at = (position: number) => colours[Math.round(position * (colours.length - 1))] ?? palette.far
  const lean = (from: Rgb, position: number) => mix(from, at(position), amount)
  const [top, high, low, horizon] = palette.sky
  return {
    ...palette,
    sky: [lean(top, 0), lean(high, 0.25), lean(low, 0.45), lean(horizon, 0.6)],
    sun: mix(palette.sun, at(0.5), amount * 0.3),
    far: lean(palette.far, 0.7),
    near: mix(palette.near, mix(at(1), [0, 0, 0], 0.75), amount),
  }
}

function parse(hex: string): Rgb {
  const value = Number.parseInt(hex, 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

function add(a: Rgb, b: Rgb): Rgb {
  return [clamp(a[0] + b[0]), clamp(a[1] + b[1]), clamp(a[2] + b[2])]
}

function saturate(colour: Rgb, vividness: number): Rgb {
  const grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
  const spread = mix([grey, grey, grey], colour, vividness)
  return [clamp(spread[0]), clamp(spread[1]), clamp(spread[2])]
}

function clamp(value: number): number {
  return Math.min(255, Math.max(0, value))
}
