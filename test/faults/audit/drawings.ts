import type { EngineLine } from './evidence.ts'
import type { Interval } from './interval.ts'
import type { Evidence } from './readEvidence.ts'

/** One attempt of an inference program at one job, from its own log. */
export interface Drawing {
  host: string
  pid: number
  /** The program's name of the job; a render has the job's own id, an enhancement `enhance-<id>`. */
  id: string
  kind: 'render' | 'enhance'
  lane: string | null
  /** The last but one name of its folder; null for an enhancement. */
  planHash: string | null
  begunMs: number
  /** When it first had the card; null if it never did. */
  drawnMs: number | null
  end: 'done' | 'failed' | 'cancelled' | null
  /** When it ended. Without an end its program was killed or hung: the last that was heard of it. */
  endedMs: number
  /** Its turns on the card. */
  turns: Interval[]
  /** What was left out in the log: it ended with the card in hand. */
  heldAtEnd: boolean
}

/** One life of an inference program. `endedMs`: its last line, which a killed one wrote before it died. */
export interface Life {
  host: string
  pid: number
  startedMs: number
  endedMs: number
  orderly: boolean
}

export function drawingsOf({ engines }: Pick<Evidence, 'engines'>): Drawing[] {
  return [...engines].flatMap(([host, lines]) =>
    [...byLife(lines)].flatMap(life => drawingsOfLife(host, life)),
  )
}

export function livesOf({ engines }: Pick<Evidence, 'engines'>): Life[] {
  return [...engines].flatMap(([host, lines]) =>
    byLife(lines).map(life => ({
      host,
      pid: life[0]?.pid ?? 0,
      startedMs: life[0]?.at ?? 0,
      endedMs: life.at(-1)?.at ?? 0,
      orderly: life.some(({ event }) => event === 'ended'),
    })),
  )
}

/** A process id may come again in a long run: `started` begins another life. */
function byLife(lines: readonly EngineLine[]): EngineLine[][] {
  const lives: EngineLine[][] = []
  const current = new Map<number, EngineLine[]>()
  for (const line of lines) {
    const life = current.get(line.pid)
    if (life !== undefined && line.event !== 'started') {
      life.push(line)
      continue
    }
    const next = [line]
    current.set(line.pid, next)
    lives.push(next)
  }
  return lives
}

function drawingsOfLife(host: string, lines: readonly EngineLine[]): Drawing[] {
  const drawings: Drawing[] = []
  const open = new Map<string, Drawing>()
  const since = new Map<string, number>()
  for (const line of lines) {
    const { at, pid, id, event } = line
    if (id === undefined) continue
    const drawing = open.get(id)
    if (drawing !== undefined) drawing.endedMs = at
    switch (event) {
      case 'begun': {
        const begun: Drawing = {
          ...{ host, pid, id, kind: line.kind ?? 'render', lane: line.lane ?? null, planHash: hashOf(line) },
          ...{ begunMs: at, drawnMs: null, end: null, endedMs: at, turns: [], heldAtEnd: false },
        }
        open.set(id, begun)
        drawings.push(begun)
        break
      }
      case 'granted':
        if (drawing !== undefined) drawing.drawnMs ??= at
        since.set(id, at)
        break
      case 'yielded':
      case 'released':
        giveBack(drawing, id, at)
        break
      case 'done':
      case 'failed':
      case 'cancelled':
        if (drawing === undefined) break
        drawing.end = event
        drawing.heldAtEnd = since.has(id)
        giveBack(drawing, id, at)
        open.delete(id)
        break
      default:
        break
    }
  }
  const lastMs = lines.at(-1)?.at ?? 0
  // A killed program held its last turn until it died.
  for (const [id, drawing] of open) giveBack(drawing, id, Math.max(lastMs, drawing.endedMs))
  return drawings

  function giveBack(drawing: Drawing | undefined, id: string, at: number): void {
    const from = since.get(id)
    since.delete(id)
    if (drawing !== undefined && from !== undefined) drawing.turns.push([from, at])
  }
}

function hashOf({ outDir }: EngineLine): string | null {
  return outDir?.split('/').at(-2) ?? null
}
