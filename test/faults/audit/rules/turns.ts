import { drawingsOf } from '../drawings.ts'
import type { Finding } from '../findings.ts'
import type { Evidence } from '../readEvidence.ts'

/** Two lines of one program within the same millisecond have no order. */
const TOUCH_MS = 1

/** One job at a time holds a card, and gives it back before it ends, by the count of the programs themselves. */
export function checkTurns(evidence: Evidence): Finding[] {
  const drawings = drawingsOf(evidence)
  const leaked = drawings
    .filter(({ heldAtEnd }) => heldAtEnd)
    .map(
      ({ id, host, end }): Finding => ({
        rule: 'turn-leaked',
        jobId: jobOf(id),
        detail: `${end} on ${host} with the card in hand`,
      }),
    )
  const shared = [...Map.groupBy(drawings, ({ host, pid }) => `${host}, process ${pid}`)].flatMap(
    ([where, mine]) => {
      const turns = mine
        // A turn that leaked is told once.
        .flatMap(({ id, turns, heldAtEnd }) =>
          turns.slice(0, heldAtEnd ? -1 : undefined).map(([from, to]) => ({ id, from, to })),
        )
        .toSorted((a, b) => a.from - b.from)
      return turns.flatMap((turn, index): Finding[] => {
        const before = turns[index - 1]
        if (before === undefined || before.to <= turn.from + TOUCH_MS) return []
        const detail = `on ${where} from ${new Date(turn.from).toISOString()}, while ${before.id} held it`
        return [{ rule: 'turn-shared', jobId: jobOf(turn.id), detail }]
      })
    },
  )
  return [...leaked, ...shared]
}

const jobOf = (id: string) => id.replace(/^enhance-/, '')
