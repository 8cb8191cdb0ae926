import { setTimeout } from 'node:timers/promises'
import { nowMs } from './clock.ts'

/** Sleeps until the bench's clock shows a time, so that what was late before does not add up. */
export async function untilMs(dueMs: number, signal?: AbortSignal): Promise<void> {
  for (let leftMs = dueMs - nowMs(); leftMs > 0; leftMs = dueMs - nowMs()) {
    await setTimeout(leftMs, undefined, signal ? { signal } : {})
  }
}

/** Lets real seconds pass, at the world's scale. */
export function pass(seconds: number, scale: number, signal?: AbortSignal): Promise<void> {
  return untilMs(nowMs() + seconds * scale * 1000, signal)
}
