import { openSync, writeSync } from 'node:fs'
import type { Lane } from '../../jobs/jobTypes.ts'
import type { EngineEvent } from '../protocol.ts'

/** One thing that this program did. `id` is the protocol's name of the job. */
export type JournalEntry =
  | { event: 'started' | 'ended' }
  | {
      event: 'begun'
      id: string
      lane: Lane
      kind: 'render' | 'enhance'
      outDir: string | null
      lowMemory: boolean
    }
  | { event: 'granted' | 'yielded' | 'released'; id: string; lane: Lane }
  | { event: 'renamed'; id: string; file: string }
  | { event: 'done' | 'cancelled'; id: string }
  | { event: 'failed'; id: string; code: string }

/** What the program did, for whoever audits a run of faults: it outlives any death of the program. */
export interface Journal {
  note(entry: JournalEntry): void
  /** Notes those events of the protocol that tell of a job's way, before they are sent. */
  heard(event: EngineEvent): void
}

/**
 * Appends a line of JSON for each entry to `file`, which many lives of the program may share; nothing where it is null. A
 * line is one write, so a SIGKILL loses at most the line that is being written.
 */
export function openJournal(file: string | null): Journal {
  const descriptor = file === null ? null : openSync(file, 'a')

  function note(entry: JournalEntry): void {
    if (descriptor === null) return
    const line = `${JSON.stringify({ at: new Date().toISOString(), pid: process.pid, ...entry })}\n`
    try {
      writeSync(descriptor, line)
    } catch (error) {
      // A full disk under it must not fail a job.
      console.error('the journal could not be written', error)
    }
  }

  return {
    note,
    heard(event) {
      switch (event.type) {
        case 'yielded':
        case 'released':
          return note({ event: event.type, id: event.id, lane: event.lane })
        case 'done':
        case 'cancelled':
          return note({ event: event.type, id: event.id })
        case 'failed':
          return note({ event: 'failed', id: event.id, code: event.code })
        default:
          return
      }
    },
  }
}
