import { setTimeout } from 'node:timers/promises'
import type { Hold } from '../../../engines/preview/turn.ts'
import type { CardConnection } from '../card/client.ts'
import { nowMs } from '../clock.ts'
import { COSTS } from '../costs.ts'

/** What is not worth another turn. */
const NOTHING_SECONDS = 1e-6

/** A lane's computing: it goes on until it is done, or until the parent wants the card back, and then to its next gate. */
export function createGates(options: { card: CardConnection; scale: number }) {
  const { card, scale } = options
  const gateMs = COSTS.gateSeconds * scale * 1000
  let yieldAsked = () => {}

  /** Computes until it is done or asked to stop; gives the seconds that were done. */
  async function stretch(jobId: string, seconds: number, cancelled: AbortSignal): Promise<number> {
    const stop = new AbortController()
    const begunMs = nowMs()
    const stopAtGate = () => {
      const leftMs = gateMs - ((nowMs() - begunMs) % gateMs)
      void setTimeout(leftMs).then(() => stop.abort())
    }
    yieldAsked = stopAtGate
    cancelled.addEventListener('abort', stopAtGate, { once: true })
    try {
      return await card.compute(jobId, seconds, stop.signal)
    } finally {
      yieldAsked = () => {}
      cancelled.removeEventListener('abort', stopAtGate)
    }
  }

  return {
    yieldAsked: () => yieldAsked(),
    /** Computes with the card in hand, and gives it back and waits for it as often as it is asked to. Throws the signal's reason. */
    async compute(options: { id: string; seconds: number; hold: Hold; signal: AbortSignal }): Promise<void> {
      const { id, seconds, hold, signal } = options
      for (let left = seconds; left > NOTHING_SECONDS; ) {
        await hold.gate()
        left -= await stretch(id, left, signal)
        signal.throwIfAborted()
      }
    },
  }
}
export type Gates = ReturnType<typeof createGates>
