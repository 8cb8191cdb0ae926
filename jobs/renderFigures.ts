import type { RenderReceipt } from './receipt.ts'

/** The producers' GB of memory are 1024 MiB, as the seed computes them. */
export const MIB_PER_GB = 1024

/** Seconds that a render took by itself: loading, drawing, making files. Waiting for the card is not in it. */
export function generationSeconds({ timings }: RenderReceipt): number {
  return rounded((timings.loadMs + timings.cardMs + timings.encodeMs) / 1000)
}

/** To three decimals. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
