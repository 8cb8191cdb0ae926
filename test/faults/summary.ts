import type { Checkpoint } from './checkpoint.ts'

type Round = Checkpoint['rounds'][number]
type Counts = Record<string, number>

export interface Summary {
  seed: number
  rounds: number
  faults: number
  /** Faults whose moment came. */
  hit: number
  jobs: number
  renders: number
  assets: number
  seconds: number
  kinds: Counts
  ended: Counts
  failed: Counts
  /** Renders that were begun again, by what allowed it: those of which no receipt had existed, and those that had one. */
  againWithoutReceipt: Counts
  againWithReceipt: Counts
  /** Those of rounds that do not tell which. */
  againUntold: Counts
  /** Milliseconds of job time, and what of it the auditor could not look at for idleness. */
  idleness: { jobMs: number; excusedMs: number; neededMs: number }
  bySeed: { seed: number; faults: number; hit: number; jobs: number; findings: number }[]
  findings: { seed: number; evidence: string; finding: string }[]
}

/** What all rounds of a run have come to. */
export function summaryOf({ seed, rounds }: Checkpoint): Summary {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0)
  const merged = (of: (round: Round) => Counts) => added(rounds.map(of))
  const time = (of: 'jobMs' | 'excusedMs' | 'neededMs') => sum(({ idleness }) => idleness?.[of] ?? 0)
  return {
    ...{ seed, rounds: rounds.length },
    faults: sum(({ faults }) => faults),
    hit: sum(({ hit }) => hit),
    jobs: sum(({ jobs }) => jobs),
    renders: sum(({ renders }) => renders),
    assets: sum(({ assets }) => assets),
    seconds: sum(({ seconds }) => seconds),
    kinds: merged(({ kinds }) => kinds),
    ended: merged(({ ended }) => ended),
    failed: merged(({ failed }) => failed),
    againWithoutReceipt: merged(({ again, againWithReceipt }) =>
      againWithReceipt === undefined ? {} : less(again, againWithReceipt),
    ),
    againWithReceipt: merged(({ againWithReceipt }) => againWithReceipt ?? {}),
    againUntold: merged(({ again, againWithReceipt }) => (againWithReceipt === undefined ? again : {})),
    idleness: { jobMs: time('jobMs'), excusedMs: time('excusedMs'), neededMs: time('neededMs') },
    bySeed: rounds.map(({ seed, faults, hit, jobs, findings }) => ({
      ...{ seed, faults, hit, jobs },
      findings: findings.length,
    })),
    findings: rounds.flatMap(round =>
      round.findings.map(finding => ({ seed: round.seed, evidence: `${round.directory}/evidence`, finding })),
    ),
  }
}

/** The sum of counts by their names. */
export function added(all: readonly Partial<Counts>[]): Counts {
  const total: Counts = {}
  for (const [name, count = 0] of all.flatMap(counts => Object.entries(counts))) {
    total[name] = (total[name] ?? 0) + count
  }
  return total
}

/** What is left of counts, without those that come to nothing. */
function less(counts: Counts, taken: Counts): Counts {
  const left = Object.entries(counts).map(([name, count]): [string, number] => [
    name,
    count - (taken[name] ?? 0),
  ])
  return Object.fromEntries(left.filter(([, count]) => count > 0))
}

/** For people. */
export function formatSummary(summary: Summary): string {
  const { kinds, findings } = summary
  const share = (ms: number) => `${((100 * ms) / Math.max(1, summary.idleness.jobMs)).toFixed(1)} %`
  const widest = Math.max(0, ...Object.keys(kinds).map(({ length }) => length))
  const list = (counts: Counts) =>
    mostFirst(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none'
  return [
    ...mostFirst(kinds).map(([kind, count]) => `${kind.padEnd(widest)}  ${count}`),
    '',
    `${summary.faults} faults (${summary.hit} at their moment), ${summary.rounds} rounds, ${Math.round(summary.seconds / 60)} minutes`,
    `${summary.jobs} jobs: ${list(summary.ended)}`,
    `failed: ${list(summary.failed)}`,
    `${summary.renders} renders had the card`,
    `begun again, as allowed, without a receipt: ${list(summary.againWithoutReceipt)}`,
    `begun again, as allowed, though there was a receipt: ${list(summary.againWithReceipt)}`,
    ...(Object.keys(summary.againUntold).length === 0
      ? []
      : [`begun again, as allowed, in rounds that do not tell which: ${list(summary.againUntold)}`]),
    `${share(summary.idleness.excusedMs)} of the time of jobs lay under an excuse for idleness, ${share(summary.idleness.neededMs)} needed it`,
    `${summary.assets} objects in the store`,
    ...summary.bySeed.map(
      ({ seed, faults, hit, jobs, findings: found }) =>
        `seed ${seed}: ${faults} faults (${hit} at their moment), ${jobs} jobs, ${found} findings`,
    ),
    ...findings.map(({ seed, evidence, finding }) => `FOUND with seed ${seed} (${evidence}): ${finding}`),
    findings.length === 0 ? 'Nothing lost, nothing rendered twice.' : `${findings.length} findings`,
  ].join('\n')
}

function mostFirst(counts: Counts): [string, number][] {
  return Object.entries(counts).sort(([, a], [, b]) => b - a)
}
