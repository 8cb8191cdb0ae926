import { cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { temporaryDirectory } from '../../../temporaryDirectory.ts'
import { audit } from '../audit.ts'
import type { Decoder } from '../decode.ts'
import type {
  ActionLine,
  FaultLine,
  HostStatusFile,
  LeftProcess,
  PlacedFile,
  ReceiptLine,
  ReceivedLine,
  RunFile,
  StoredLine,
  SubmissionLine,
} from '../evidence.ts'
import type { AuditReport } from '../report.ts'
import { rememberDecoded } from './rememberDecoded.ts'

/** A line of an engine's log, as it stands in the file. */
export interface EngineEntry {
  at: string
  pid: number
  event: string
  id?: string
  kind?: string
  lane?: string
  outDir?: string | null
  file?: string
}

const eventSchema = z.looseObject({
  eventId: z.number(),
  eventType: z.string(),
  eventTime: z.object({ seconds: z.number(), nanos: z.number() }),
})
export type Event = z.infer<typeof eventSchema>
const historySchema = z.looseObject({ workflowId: z.string(), events: z.array(eventSchema) })

/** What the files of an evidence folder hold. */
interface Files {
  'run.json': RunFile
  'submissions.jsonl': SubmissionLine[]
  'actions.jsonl': ActionLine[]
  'faults.jsonl': FaultLine[]
  'receiver.jsonl': ReceivedLine[]
  'engine-card-1.jsonl': EngineEntry[]
  'engine-card-2.jsonl': EngineEntry[]
  'receipts.jsonl': ReceiptLine[]
  'store.json': StoredLine[]
  'placed.json': PlacedFile
  'host-status.json': HostStatusFile
  'processes.json': LeftProcess[]
}

/** A copy of an evidence folder in which something is changed. */
export interface Doctor {
  directory: string
  read<Name extends keyof Files>(name: Name): Promise<Files[Name]>
  /** Gives what a file holds; `change` may change it in place, or give something new. */
  edit<Name extends keyof Files>(
    name: Name,
    change: (held: Files[Name]) => Files[Name] | undefined,
  ): Promise<void>
  /** The same for the events of a workflow. */
  editHistory(workflowId: string, change: (events: Event[]) => Event[] | undefined): Promise<void>
  dropHistory(workflowId: string): Promise<void>
  /** A further workflow, with the events that are made of those of one that is there. */
  addHistory(workflowId: string, like: string, make: (events: Event[]) => Event[]): Promise<void>
  object(stored: Pick<StoredLine, 'bucket' | 'path'>): string
  /** What the auditor says, and the rules that it found broken. */
  report(): Promise<AuditReport & { rules: string[] }>
}

/** Each case has nearly the same files as the others: the same bytes are decoded once. */
let decoder: Promise<Decoder> | null = null

export async function doctored(evidence: string): Promise<Doctor> {
  const directory = await temporaryDirectory()
  await cp(evidence, directory, { recursive: true })
  const histories = join(directory, 'histories')

  async function historyOf(workflowId: string): Promise<string> {
    const name = (await readdir(histories)).find(found => found.startsWith(`${workflowId}.`))
    if (name === undefined) throw new Error(`no history of ${workflowId}`)
    return join(histories, name)
  }

  const isLines = (name: string) => name.endsWith('.jsonl')

  async function read(name: keyof Files) {
    const text = await readFile(join(directory, name), 'utf8').catch(() => '')
    if (!isLines(name)) return JSON.parse(text)
    const lines = text.split('\n').filter(line => line !== '')
    return lines.map(line => JSON.parse(line))
  }

  return {
    directory,
    read,
    async edit(name, change) {
      const held = await read(name)
      const before = structuredClone(held)
      const after = change(held) ?? held
      if (isDeepStrictEqual(before, after)) throw new Error(`${name} is as it was`)
      const lineOf = (line: unknown) => `${JSON.stringify(line)}\n`
      const text = isLines(name) ? after.map(lineOf).join('') : JSON.stringify(after)
      await writeFile(join(directory, name), text)
    },
    async editHistory(workflowId, change) {
      const file = await historyOf(workflowId)
      const history = historySchema.parse(JSON.parse(await readFile(file, 'utf8')))
      const before = structuredClone(history.events)
      const events = change(history.events) ?? history.events
      if (isDeepStrictEqual(before, events)) throw new Error(`${workflowId} is as it was`)
      await writeFile(file, JSON.stringify({ ...history, events }))
    },
    async dropHistory(workflowId) {
      await rm(await historyOf(workflowId))
    },
    async addHistory(workflowId, like, make) {
      const history = historySchema.parse(JSON.parse(await readFile(await historyOf(like), 'utf8')))
      const file = join(histories, `${workflowId}.doctored.json`)
      await writeFile(file, JSON.stringify({ ...history, workflowId, events: make(history.events) }))
    },
    object: ({ bucket, path }) => join(directory, 'store', bucket, path),
    async report() {
      decoder ??= rememberDecoded()
      const report = await audit(directory, { decoder: await decoder })
      return { ...report, rules: [...new Set(report.findings.map(({ rule }) => rule))].toSorted() }
    },
  }
}

export async function cutInHalf(file: string): Promise<number> {
  const { length } = await readFile(file)
  await truncate(file, Math.floor(length / 2))
  return Math.floor(length / 2)
}

export async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await rename(from, to)
}

/** An ISO time, later by some milliseconds. */
export function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString()
}

/** Moves an event of a history in time. */
export function shift(event: Event, ms: number): void {
  const atMs = event.eventTime.seconds * 1000 + event.eventTime.nanos / 1e6 + ms
  event.eventTime = { seconds: Math.floor(atMs / 1000), nanos: Math.round((atMs % 1000) * 1e6) }
}
