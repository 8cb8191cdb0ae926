import { createHash } from 'node:crypto'

/** A number in [0, 1) at each call, always the same sequence for the same parts. */
export type Random = () => number

/** A reproducible source of numbers (xoshiro-like sfc32), started from the SHA-256 of the parts. */
export function randomFrom(...parts: (string | number)[]): Random {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest()
  let a = bytes.readInt32LE(0)
  let b = bytes.readInt32LE(4)
  let c = bytes.readInt32LE(8)
  let d = bytes.readInt32LE(12)
  return () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 4_294_967_296
  }
}

export function pick<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[Math.floor(random() * items.length)] ?? items[0]
}

/** A number between two bounds. */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random()
}

/** The first hex digits of the SHA-256 of the parts. */
export function fingerprint(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8)
}
