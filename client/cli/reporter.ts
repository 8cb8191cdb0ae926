import type { JobView } from '../jobView.ts'

/** Shows how jobs get on. `update` is called with every change of every job, `stop` once, at the end. */
export interface Reporter {
  update(job: JobView): void
  stop(): void
}
