import { z } from 'zod'

/*
 * The evidence folder of a run: what the harness, its stand-ins and the engines wrote down, one JSON object a line where the
 * name ends in .jsonl. Times are ISO strings in UTC. Writers use the `…Line` types, the auditor reads times as milliseconds.
 *
 *   run.json             what the run was: seed, scale, bounds, hosts, buckets; written last, when all had come to rest
 *   submissions.jsonl    every job that was accepted
 *   actions.jsonl        what clients and operators asked for later: cancel, terminate, release, reject, redeliver
 *   faults.jsonl         every fault, written when it is over
 *   receiver.jsonl       every request that reached the app, in the order in which they ended
 *   engine-<host>.jsonl  what the preview engine of a host did over all its lives (PREVIEW_LOG), also of retired hosts
 *   receipts.jsonl       every `receipt.json` that a watcher saw in a host's render folder, once per change
 *   store.json           every object of the store at the end; its bytes lie in store/<bucket>/<path>
 *   placed.json          every bucket of the store, and the objects that the harness has put into them and not removed
 *   host-status.json     by host id, of each host that lives at the end: its `/card`, and the files it has left
 *   processes.json       processes that were left after everything had been stopped
 *   histories/<workflow id>.<run id>.json   written by the auditor, so that an audit can be repeated without Temporal
 *
 * Unfinished last lines of .jsonl files are skipped: who wrote them may have been killed.
 */

const time = z.iso.datetime().transform(text => Date.parse(text))
const count = z.int().nonnegative()

export const runSchema = z.object({
  seed: z.int(),
  /** TIME_SCALE of the run. */
  scale: z.number().positive(),
  startedAt: time,
  endedAt: time,
  namespace: z.string().default('default'),
  /** TASK_QUEUE_PREFIX; empty for none. */
  queuePrefix: z.string().default(''),
  /** The app's buckets that the auditor is to know every object of; staging is none of them. */
  buckets: z.array(z.string()),
  hosts: z.array(
    z.object({
      hostId: z.string(),
      startedAt: time,
      /** When the machine was lost for good. */
      retiredAt: time.nullable(),
    }),
  ),
  /** Milliseconds as they were in the run, scaled already; what is absent has the auditor's own default times `scale`. */
  bounds: z
    .object({
      /** Nothing happens to a job though nothing it needs is down. */
      idleMs: z.number().positive().optional(),
      /** After a fault, until what it had taken down is back at work. */
      recoveryMs: z.number().positive().optional(),
      /** HOST_LOST_SECONDS. */
      hostLostMs: z.number().positive().optional(),
      /** A render that holds the card, from its begin to its receipt. */
      renderMs: z.number().positive().optional(),
    })
    .default({}),
})
export type RunFile = z.input<typeof runSchema>

export const submissionSchema = z.object({
  at: time,
  jobId: z.string(),
  userId: z.string(),
  type: z.string(),
  bucket: z.string(),
  images: count,
  /** Of the file: 1 for a picture, 81 for a video. */
  frames: count,
  width: count,
  height: count,
  extension: z.enum(['png', 'mp4']),
  /** How the references are given: `none`, `path` in the store, or `url` of the pictures' server, which may lose them. */
  referenceKind: z.enum(['none', 'path', 'url']),
  /** `metadata.reference_fallback`: it may be rendered without. */
  mayDropReference: z.boolean(),
  /** `metadata.simulate`. */
  wish: z.string().nullable(),
})
export type Submission = z.output<typeof submissionSchema>
export type SubmissionLine = z.input<typeof submissionSchema>

export const actionSchema = z.object({
  at: time,
  kind: z.enum(['cancel', 'terminate', 'release', 'reject', 'redeliver']),
  jobId: z.string(),
  /** Whether it was carried out; a job that has ended is not cancelled. */
  ok: z.boolean(),
  detail: z.string(),
})
export type ActionLine = z.input<typeof actionSchema>

export const faultSchema = z.object({
  /** From 1, over all rounds of the run. */
  n: z.int().positive(),
  kind: z.string(),
  /** What it was done to: a process, a host id, a job id. */
  target: z.string(),
  from: time,
  to: time,
  /**
   * What was out of service meanwhile, or slow: `temporal`, `control`, `store`, `receiver`, `references`, `gpu:<host>` (its
   * worker), `engine:<host>` (its inference program), `disk:<host>`. Empty where nothing was: one of two control workers.
   */
  down: z.array(
    z.string().regex(/^(temporal|control|store|receiver|references|(gpu|engine|disk):[A-Za-z0-9_-]+)$/),
  ),
  /** Whether the moment that it waited for came; if not, it was done anyway. */
  hit: z.boolean().default(true),
  detail: z.string(),
})
export type FaultLine = z.input<typeof faultSchema>

export const receivedSchema = z.object({
  /** When its body was there, and when it was answered or given up. */
  at: time,
  endedAt: time,
  /** Lower-case names. `webhook-id` and `webhook-sequence` are there when they were sent. */
  headers: z.record(z.string(), z.string()),
  /** As received. */
  body: z.string(),
  /** Whether the app took it over; it does so before it answers. */
  processed: z.boolean(),
  /** HTTP status; `cut` when no answer came out. */
  answer: z.union([z.int(), z.literal('cut')]),
})
export type Received = z.output<typeof receivedSchema>
export type ReceivedLine = z.input<typeof receivedSchema>

/** A line of PREVIEW_LOG. */
export const engineSchema = z.object({
  at: time,
  pid: z.int(),
  event: z.enum([
    'started',
    'begun',
    'granted',
    'yielded',
    'released',
    'renamed',
    'done',
    'failed',
    'cancelled',
    'ended',
  ]),
  /** The program's name of the job: its job id. */
  id: z.string().optional(),
  kind: z.enum(['render', 'enhance']).optional(),
  lane: z.string().optional(),
  /** `begun`: the folder for its files, `<renders>/<job id>/<plan hash>/work-<attempt>`. */
  outDir: z.string().nullable().optional(),
  lowMemory: z.boolean().optional(),
  /** `renamed`: name inside the folder. */
  file: z.string().optional(),
  /** `failed`: the protocol's code. */
  code: z.string().optional(),
})
export type EngineLine = z.output<typeof engineSchema>

export const receiptSchema = z.object({
  /** When the watcher saw it. */
  at: time,
  host: z.string(),
  jobId: z.string(),
  planHash: z.string(),
  path: z.string(),
  /** The file's own time, with its milliseconds. */
  mtime: time,
})
export type ReceiptLine = z.input<typeof receiptSchema>

export const storedSchema = z.object({
  bucket: z.string(),
  path: z.string(),
  bytes: count,
  sha256: z.string(),
  /** When it was last written. */
  at: time,
})
export type Stored = z.output<typeof storedSchema>
export type StoredLine = z.input<typeof storedSchema>

export const placedSchema = z.object({
  buckets: z.array(z.string()),
  objects: z.array(storedSchema.pick({ bucket: true, path: true, sha256: true })),
})
export type PlacedFile = z.input<typeof placedSchema>
export type PlacedObject = PlacedFile['objects'][number]

const leftFile = z.object({ /** Below the folder. */ path: z.string(), bytes: count, mtime: time })
const model = z.object({ model: z.string(), residentMiB: z.number(), inUse: z.boolean() })

export const hostStatusSchema = z.object({
  /** The answer of GET /card; null where the worker did not answer, which is a finding of its own. */
  card: z
    .looseObject({
      program: z.looseObject({ status: z.string() }),
      holder: z.unknown(),
      lanes: z.array(
        z.looseObject({
          lane: z.string(),
          ready: z.boolean(),
          reason: z.string().nullable(),
          running: z.array(z.string()),
          waiting: z.array(z.string()),
        }),
      ),
      memory: z
        .looseObject({ workingMiB: z.number(), reservedMiB: z.number().nullable(), models: z.array(model) })
        .nullable(),
    })
    .nullable(),
  /** Files below DATA_DIR/renders and DATA_DIR/staging. */
  renders: z.array(leftFile),
  staging: z.array(leftFile),
})
export type HostStatus = z.output<typeof hostStatusSchema>
export const hostStatusesSchema = z.record(z.string(), hostStatusSchema)
export type HostStatusFile = z.input<typeof hostStatusesSchema>

export const leftProcessSchema = z.object({ pid: z.int(), command: z.string() })
export type LeftProcess = z.output<typeof leftProcessSchema>
