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
  again: Counts
  findings: { seed: number; evidence: string; finding: string }[]
}

/** What all rounds of a run have come to. */
export function summaryOf({ seed, rounds }: Checkpoint): Summary {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0)
  const merged = (of: (round: Round) => Counts) => {
    const total: Counts = {}
    for (const [name, count] of rounds.flatMap(round => Object.entries(of(round)))) {
      total[name] = (total[name] ?? 0) + count
    }
    return total
  }
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
    again: merged(({ again }) => again),
    findings: rounds.flatMap(round =>
      round.findings.map(finding => ({ seed: round.seed, evidence: `${round.directory}/evidence`, finding })),
    ),
  }
}

/** For people. */
export function formatSummary(summary: Summary): string {
  const { kinds, findings } = summary
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
    `${summary.renders} renders had the card; begun again, as allowed: ${list(summary.again)}`,
    `${summary.assets} objects in the store`,
    ...findings.map(({ seed, evidence, finding }) => `FOUND with seed ${seed} (${evidence}): ${finding}`),
    findings.length === 0 ? 'Nothing lost, nothing rendered twice.' : `${findings.length} findings`,
  ].join('\n')
}

function mostFirst(counts: Counts): [string, number][] {
  return Object.entries(counts).sort(([, a], [, b]) => b - a)
}
