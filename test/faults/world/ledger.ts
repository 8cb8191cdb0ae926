import { z } from 'zod'

const lineSchema = z.object({ body: z.string() })
const callbackSchema = z.looseObject({ job_id: z.string(), status: z.string() })

/** What the harness itself must know of jobs while they run: which are open, by what the app has heard. */
export interface Ledger {
  /** `objects`: how many its assets and thumbnails are. */
  submitted(jobId: string, objects: number): void
  objectsOf(jobId: string): number
  /** A line of the receiver. */
  received(line: string): void
  open(): string[]
  isOpen(jobId: string): boolean
  count(): number
}

export function createLedger(): Ledger {
  const open = new Set<string>()
  const ended = new Set<string>()
  const objectsOf = new Map<string, number>()
  return {
    submitted(jobId, objects) {
      objectsOf.set(jobId, objects)
      if (!ended.has(jobId)) open.add(jobId)
    },
    received(line) {
      const { body } = lineSchema.parse(JSON.parse(line))
      const callback = callbackSchema.safeParse(JSON.parse(body))
      if (!callback.success || callback.data.status === 'processing') return
      open.delete(callback.data.job_id)
      ended.add(callback.data.job_id)
    },
    objectsOf: jobId => objectsOf.get(jobId) ?? 0,
    open: () => [...open],
    isOpen: jobId => open.has(jobId),
    count: () => open.size + ended.size,
  }
}
