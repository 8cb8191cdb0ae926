import { type Random, randomFrom } from '../../../engines/preview/picture/random.ts'
import type { Arrival, BenchJob } from '../contract.ts'
import { computeSeconds } from '../costs.ts'
import { workOf } from '../work.ts'

/** All at the start, in an order drawn by chance. */
export function backlog(jobs: readonly BenchJob[], random: Random): Arrival[] {
  return shuffled(jobs, random).map(job => ({ atMs: 0, job }))
}

/**
 * The jobs come by chance in a stretch of time: a Poisson process of which the number of arrivals is known, so that every
 * repeat brings exactly the same work.
 */
export function poisson(jobs: readonly BenchJob[], stretchMs: number, random: Random): Arrival[] {
  const moments = jobs.map(() => random() * stretchMs).toSorted((a, b) => a - b)
  return shuffled(jobs, random).map((job, index) => ({ atMs: moments[index] ?? 0, job }))
}

export function byTime(...parts: Arrival[][]): Arrival[] {
  return parts.flat().toSorted((a, b) => a.atMs - b.atMs)
}

/** Seconds of the card that the jobs need by the table of costs. */
export function totalSeconds(jobs: readonly BenchJob[]): number {
  return jobs.reduce((sum, job) => sum + computeSeconds(workOf(job)), 0)
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map(item => ({ item, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

export const randomOf = (scenario: string, seed: number) => randomFrom('contest', scenario, seed)
