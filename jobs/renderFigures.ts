import type { RenderReceipt } from './receipt.ts'

/** The producers' GB of memory are 1024 MiB, as they compute them. */
export const MIB_PER_GB = 1024

/**
 * Seconds that a job took by itself: loading, drawing, making files, and `enhanceMs` for its prompt, which the expected time
 * contains too. Waiting for the card is not in it.
 */
export function generationSeconds({ timings }: RenderReceipt, enhanceMs = 0): number {
  return rounded((timings.loadMs + timings.cardMs + timings.encodeMs + enhanceMs) / 1000)
}

/** To three decimals. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
