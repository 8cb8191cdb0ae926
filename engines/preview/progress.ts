import type { EngineEvent } from '../protocol.ts'

export type Phase = Extract<EngineEvent, { type: 'progress' }>['phase']

export interface Progress {
  set(phase: Phase, step?: number): void
  stop(): void
}

const SHORTEST_MS = 250
/** A job that does not move still says that it is alive. */
const LONGEST_MS = 1_000

/** Tells the parent where a job is, four times a second at most. */
export function createProgress(id: string, total: number, send: (event: EngineEvent) => void): Progress {
  let phase: Phase = 'loading'
  let step = 0
  let changed = false
  let sentAt = -Infinity
  const report = () => {
    const quietMs = performance.now() - sentAt
    if (quietMs < (changed ? SHORTEST_MS : LONGEST_MS)) return
    sentAt = performance.now()
    changed = false
    send({ type: 'progress', id, step, total, phase })
  }
  const timer = setInterval(report, SHORTEST_MS / 2)
  return {
    set(nextPhase, nextStep = step) {
      changed ||= phase !== nextPhase || step !== nextStep
      phase = nextPhase
      step = nextStep
      report()
    },
    stop: () => clearInterval(timer),
  }
}
