import type { QuarantineView } from '../quarantine.ts'
import { alignColumns } from './alignColumns.ts'

/** Everything about a job's quarantine: a fact per line, then what its program said last. */
export function quarantineText({ jobId, since, until, why, decisions }: QuarantineView): string {
  const facts = alignColumns([
    ['job', jobId],
    ['quarantined', since === null ? 'no longer' : `since ${since}, until ${until}`],
    ...decisions.map(({ at, decision, note, lowMemory }) => [
      decision,
      `${at}${lowMemory ? ', low memory' : ''}${note === null ? '' : `: ${note}`}`,
    ]),
  ])
  return why === null ? facts : `${facts}\n\n${why}`
}
