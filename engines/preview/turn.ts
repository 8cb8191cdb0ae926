import { setImmediate } from 'node:timers/promises'
import type { Lane } from '../../jobs/jobTypes.ts'
import type { EngineEvent } from '../protocol.ts'
import { abortable } from './abortable.ts'

/** One job's time on the card. */
export interface Hold {
  /**
   * A place where the card can be given back: lets messages in, and waits for the next turn if the parent has asked for
   * this one. Throws the signal's reason when the job is cancelled.
   */
  gate(): Promise<void>
  /** Time with the card so far, waits left out. */
  heldMs(): number
  /** Gives the card back for good, and the lane to its next job. Idempotent. */
  release(): void
}

export interface Turn {
  /** Waits for the lane, then for the card. Throws the signal's reason when the job is cancelled meanwhile. */
  take(id: string, signal: AbortSignal): Promise<Hold>
  /** Commands of the parent; one that comes too late changes nothing. */
  granted(): void
  yieldAsked(): void
}

/** The turns of one lane: one job of it at a time wants or holds the card. */
export function createTurn(
  lane: Lane,
  send: (event: EngineEvent) => void,
  onGranted: (id: string) => void = () => {},
): Turn {
  const line: (() => void)[] = []
  let occupied = false
  let onGrant: (() => void) | null = null
  let holding = false
  let wanted = false
  let since = 0

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!occupied) {
      occupied = true
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    line.push(resolve)
    try {
      await abortable(promise, signal)
    } catch (error) {
      const place = line.indexOf(resolve)
      if (place === -1) leave()
      else line.splice(place, 1)
      throw error
    }
  }

  function leave(): void {
    const next = line.shift()
    if (next === undefined) occupied = false
    else next()
  }

  async function grant(id: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    onGrant = () => {
      onGranted(id)
      resolve()
    }
    try {
      await abortable(promise, signal)
    } finally {
      onGrant = null
    }
  }

  return {
    async take(id, signal) {
      await enter(signal)
      send({ type: 'want', lane, id })
      let heldMs = 0
      let over = false
      const giveBack = (type: 'yielded' | 'released') => {
        const turnMs = performance.now() - since
        heldMs += turnMs
        holding = false
        wanted = false
        send({ type, lane, id, heldMs: turnMs })
      }
      const hold: Hold = {
        async gate() {
          await setImmediate()
          signal.throwIfAborted()
          if (!wanted) return
          giveBack('yielded')
          await grant(id, signal)
        },
        heldMs: () => heldMs + (holding ? performance.now() - since : 0),
        release() {
          if (over) return
          over = true
          if (holding) giveBack('released')
          leave()
        },
      }
      try {
        await grant(id, signal)
        return hold
      } catch (error) {
        hold.release()
        throw error
      }
    },
    granted() {
      if (onGrant === null) return
      holding = true
      wanted = false
      since = performance.now()
      onGrant()
      onGrant = null
    },
    yieldAsked() {
      if (holding) wanted = true
    },
  }
}
