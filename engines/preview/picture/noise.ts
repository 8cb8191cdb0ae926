import type { Random } from './random.ts'

const SIZE = 256
const MASK = SIZE - 1

/** Smooth noise along a line, 0 to 1; `octaves` adds ever finer detail. */
export type LineNoise = (x: number, octaves: number) => number

export function lineNoise(random: Random): LineNoise {
  const lattice = Float32Array.from({ length: SIZE }, random)
  const value = (x: number) => {
    const cell = Math.floor(x)
    const a = lattice[cell & MASK] ?? 0
    const b = lattice[(cell + 1) & MASK] ?? 0
    return a + (b - a) * ease(x - cell)
  }
  return (x, octaves) => {
    let sum = 0
    let weight = 0
    let amplitude = 1
    let at = x
    for (let octave = 0; octave < octaves; octave++) {
      sum += value(at) * amplitude
      weight += amplitude
      amplitude *= 0.5
      at = at * 2.03 + 17.3
    }
    return sum / weight
  }
}

/** A cloud texture that repeats seamlessly; `sample` reads it between its points, 0 to 1. */
export interface CloudTexture {
  sample(x: number, y: number): number
}

export function cloudTexture(random: Random): CloudTexture {
  const texels = new Float32Array(SIZE * SIZE)
  let weight = 0
  for (let cells = 4, amplitude = 1; cells <= 64; cells *= 2, amplitude *= 0.55) {
    addOctave(texels, cells, amplitude, random)
    weight += amplitude
  }
  const texel = (x: number, y: number) => (texels[(y & MASK) * SIZE + (x & MASK)] ?? 0) / weight
  return {
    sample(x, y) {
      const left = Math.floor(x)
      const top = Math.floor(y)
      const u = x - left
      const above = texel(left, top) * (1 - u) + texel(left + 1, top) * u
      const below = texel(left, top + 1) * (1 - u) + texel(left + 1, top + 1) * u
      return above + (below - above) * (y - top)
    },
  }
}

function addOctave(texels: Float32Array, cells: number, amplitude: number, random: Random): void {
  const lattice = Float32Array.from({ length: cells * cells }, random)
  const at = (x: number, y: number) => lattice[(y % cells) * cells + (x % cells)] ?? 0
  const scale = cells / SIZE
  for (let y = 0; y < SIZE; y++) {
    const row = Math.floor(y * scale)
    const v = ease(y * scale - row)
    for (let x = 0; x < SIZE; x++) {
      const column = Math.floor(x * scale)
      const u = ease(x * scale - column)
      const above = at(column, row) * (1 - u) + at(column + 1, row) * u
      const below = at(column, row + 1) * (1 - u) + at(column + 1, row + 1) * u
      const index = y * SIZE + x
      texels[index] = (texels[index] ?? 0) + (above + (below - above) * v) * amplitude
    }
  }
}

function ease(x: number): number {
  return x * x * (3 - 2 * x)
}
