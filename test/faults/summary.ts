import type { Checkpoint } from './checkpoint.ts'

export interface Summary {
  seed: number
  faults: number
  hit: number
  jobs: number
  seconds: number
  kinds: Record<string, number>
  findings: { seed: number; evidence: string; finding: string }[]
  /** For people. */
  text: string
}

/** What all rounds of a run have come to. */
export function summaryOf({ seed, rounds }: Checkpoint): Summary {
  const kinds: Record<string, number> = {}
  for (const round of rounds) {
    for (const [kind, count] of Object.entries(round.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count
  }
  const sum = (of: (round: Checkpoint['rounds'][number]) => number) =>
    rounds.reduce((total, round) => total + of(round), 0)
  const findings = rounds.flatMap(round =>
    round.findings.map(finding => ({ seed: round.seed, evidence: `${round.directory}/evidence`, finding })),
  )
  const figures = {
    faults: sum(({ faults }) => faults),
    hit: sum(({ hit }) => hit),
    jobs: sum(({ jobs }) => jobs),
    seconds: sum(({ seconds }) => seconds),
  }
  const widest = Math.max(0, ...Object.keys(kinds).map(({ length }) => length))
  const text = [
    ...Object.entries(kinds)
      .sort(([, a], [, b]) => b - a)
      .map(([kind, count]) => `${kind.padEnd(widest)}  ${count}`),
    '',
    `${figures.faults} faults (${figures.hit} at their moment) on ${figures.jobs} jobs in ${rounds.length} rounds, ${Math.round(figures.seconds / 60)} minutes`,
    ...findings.map(found => `FOUND with seed ${found.seed} (${found.evidence}): ${found.finding}`),
    findings.length === 0 ? 'Nothing lost, nothing rendered twice.' : `${findings.length} findings`,
  ].join('\n')
  return { seed, ...figures, kinds, findings, text }
}
