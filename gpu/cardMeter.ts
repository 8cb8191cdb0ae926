import type { Lane } from '../jobs/jobTypes.ts'

export interface CardUse {
  holder: Lane | null
  /** Jobs that could compute if they had the card. */
  jobsWaiting: number
}

export interface CardMeter {
  /** To be told at each change. */
  update(use: CardUse): void
  /** Totals up to now, in seconds. `idleGap`: nobody held the card though a job waited for it. */
  read(): { busySeconds: number; idleGapSeconds: number }
}

/** Adds up how long the card was busy, and how long it stood idle while there was work. `now` in ms. */
export function createCardMeter(now: () => number = () => performance.now()): CardMeter {
  let state: 'busy' | 'gap' | 'idle' = 'idle'
  let sinceMs = now()
  const totalMs = { busy: 0, gap: 0, idle: 0 }

  function settle(): void {
    const atMs = now()
    totalMs[state] += atMs - sinceMs
    sinceMs = atMs
  }

  return {
    update({ holder, jobsWaiting }) {
      settle()
      if (holder !== null) state = 'busy'
      else state = jobsWaiting > 0 ? 'gap' : 'idle'
    },
    read() {
      settle()
      return { busySeconds: totalMs.busy / 1_000, idleGapSeconds: totalMs.gap / 1_000 }
    },
  }
}
