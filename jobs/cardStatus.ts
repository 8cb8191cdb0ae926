import type { Lane } from './jobTypes.ts'

/** What an operator has decided of a lane. `paused`: it computes nothing; `draining`: it finishes what it has and takes nothing new. */
export const LANE_MODES = ['open', 'paused', 'draining'] as const
export type LaneMode = (typeof LANE_MODES)[number]

/** Everything that an operator asks of a card: who has it, who waits, what is in its memory. */
export interface CardStatus {
  hostId: string
  /** ISO 8601. */
  at: string
  /** The card that the worker is pinned to; null where the engine needs none. */
  card: { name: string; uuid: string; totalMiB: number } | null
  program: {
    status: string
    name: string | null
    version: string | null
    device: string | null
    /** Crashes in a row, and why the last life ended. */
    crashes: number
    lastDeath: string | null
  }
  /** The job that computes now; null while nobody does. */
  holder: { lane: Lane; taskId: string; heldMs: number } | null
  lanes: LaneStatus[]
  memory: MemoryStatus | null
}

export interface LaneStatus {
  lane: Lane
  mode: LaneMode
  /** Whether a job that is given to it now would be rendered. */
  ready: boolean
  /** Why it is not ready. */
  reason: string | null
  /** Jobs of it with the program, the computing one included, and in line behind them. */
  running: string[]
  waiting: string[]
  /** Its guaranteed share of the card while it waits, 0 to 1. */
  guaranteedShare: number
  /** Seconds it has held the card since the worker started. */
  heldSeconds: number
}

export interface MemoryStatus {
  budgetMiB: number
  /** What the program last reported to have reserved; null before it did. */
  reservedMiB: number | null
  models: { model: string; residentMiB: number; inUse: boolean; idleSeconds: number }[]
  /** Working memory set aside for the jobs that have begun. */
  workingMiB: number
}
