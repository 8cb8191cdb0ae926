/** What an operator says with a decision about a job in quarantine. */
export interface QuarantineOrder {
  /** Who and why, kept in the job's history; null: nothing was said. */
  note: string | null
  /** Of a release: every further attempt is alone and in low-memory mode, as the last one was. */
  lowMemory?: boolean
}

export interface QuarantineDecision {
  /** ISO 8601. */
  at: string
  decision: 'released' | 'rejected'
  note: string | null
  lowMemory: boolean
}

/** What came of an order. `changed`: false when the same had been decided before. */
export interface QuarantineAnswer {
  changed: boolean
}

/** The quarantine of one job, as its workflow tells. */
export interface QuarantineState {
  /** When it was set aside, and when it will be given up (ISO 8601); null: it is not in quarantine now. */
  since: string | null
  until: string | null
  /** How the program died of it the last time, for operators; null: it never came so far. */
  why: string | null
  /** Of earlier times too, the oldest first. */
  decisions: QuarantineDecision[]
}

/** Names of the updates and the query of a job's workflow, and the type of the refusal. */
export const QUARANTINE = {
  release: 'releaseFromQuarantine',
  reject: 'rejectFromQuarantine',
  state: 'quarantine',
  refused: 'not_quarantined',
} as const

export const LONGEST_NOTE = 500
