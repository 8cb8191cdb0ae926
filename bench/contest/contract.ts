import type { JobType } from '../../jobs/jobTypes.ts'

/** What a contender is given to run against: the same card, store and receiver for all of them. */
export interface World {
  /** Scaled seconds for each real one; every cost and latency of the world is multiplied by it. */
  scale: number
  /** Unix socket of the simulated card. */
  cardSocket: string
  storeUrl: string
  receiverUrl: string
  redisUrl: string
  /** A folder of the contender's own. */
  dir: string
}

export interface BenchJob {
  id: string
  userId: string
  type: JobType
  /** The earlier system's payload, as the app would put it into the queue. */
  payload: Record<string, unknown>
}

/** A system that renders jobs: the loop that this replaces, the one on BullMQ, ours. */
export interface Contender {
  name: string
  start(world: World): Promise<RunningContender>
}

export interface RunningContender {
  /** Hands a job over; resolves once the system has it. */
  submit(job: BenchJob): Promise<void>
  /** Ends every process of it. */
  stop(): Promise<void>
}

/** One stretch of computing on the card, in ms of the bench's clock. `computedMs` is less than `toMs - fromMs` where two shared the card. */
export interface CardUse {
  jobId: string
  /** The program that computed. */
  client: string
  fromMs: number
  toMs: number
  computedMs: number
}

/** What is known of one job after a run; null where it did not come to that. Times in ms of the bench's clock, not yet divided by the scale. */
export interface JobRecord {
  job: BenchJob
  submittedAtMs: number
  /** Arrival of the terminal callback. */
  endedAtMs: number | null
  status: 'completed' | 'failed' | null
}

export interface RunRecord {
  contender: string
  scale: number
  jobs: JobRecord[]
  card: CardUse[]
}

/** When each job is handed over, in ms of the bench's clock after the start of the run, ascending. */
export interface Arrival {
  atMs: number
  job: BenchJob
}
