import type { RunRecord } from '../contract.ts'
import { computeWithin, waits } from './computing.ts'
import { type Interval, intersection, union } from './intervals.ts'

/** Compute of each user, in ms, in the time in which all of them had a job that was not yet computed. */
export function computeWhileAllWait(run: RunRecord): Map<string, number> {
  const together = timesAllWait(run)
  return new Map(
    usersOf(run).map(user => {
      const ids = new Set(run.jobs.flatMap(({ job }) => (job.userId === user ? [job.id] : [])))
      const uses = run.card.filter(({ jobId }) => ids.has(jobId))
      return [user, computeWithin(uses, together)]
    }),
  )
}

function timesAllWait(run: RunRecord): Interval[] {
  const waiting = waits(run)
  const [first = [], ...others] = usersOf(run).map(user =>
    union(waiting.filter(({ record }) => record.job.userId === user)),
  )
  return others.reduce<Interval[]>((together, times) => intersection(together, times), first)
}

/** Jain's index of fairness: 1 where all have the same, 1/n where one has everything. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  return sum ** 2 / (values.length * values.reduce((total, value) => total + value ** 2, 0))
}

/** Jain's index of the users' compute while all of them waited. */
export function fairness(run: RunRecord): number {
  return jainIndex([...computeWhileAllWait(run).values()])
}

const usersOf = ({ jobs }: RunRecord) => [...new Set(jobs.map(({ job }) => job.userId))]
