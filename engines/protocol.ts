import { z } from 'zod'
import { cleanText } from '../jobs/cleanText.ts'
import { LANES } from '../jobs/jobTypes.ts'
import { SHA256 } from '../jobs/sha256.ts'

/**
 * The protocol between a GPU worker and an inference program: one JSON object a line, UTF-8, commands on the
 * program's stdin, events on its stdout. Pixels never travel, only paths. stderr is logs.
 */
export const PROTOCOL_VERSION = 1

const lane = z.enum(LANES)

const renderJob = z.object({
  kind: z.literal('render'),
  type: z.string(),
  family: z.enum(['sdxl', 'wan']),
  model: z.string(),
  prompt: z.string(),
  negativePrompt: z.string(),
  steps: z.int().positive(),
  guidance: z.number(),
  solver: z.string(),
  shift: z.number(),
  width: z.int().positive(),
  height: z.int().positive(),
  frames: z.int().positive(),
  fps: z.int().positive(),
  images: z.int().positive(),
  /** Image i is drawn with seed + i. */
  seed: z.int().nonnegative(),
  referenceMode: z.enum(['none', 'single', 'start', 'end', 'both']),
  /** PNG files of the job's size; SDXL's may stand out over it, but cover it. */
  references: z.array(z.object({ role: z.enum(['single', 'start', 'end']), path: z.string() })),
  referenceStrength: z.number().nullable(),
  referenceType: z.enum(['style', 'composition', 'character']).nullable(),
  /** Expected seconds of the card; a simulating engine takes its speed from it. */
  expectedSeconds: z.number(),
  /** A failure to act out; null in production. */
  simulate: z.string().nullable(),
})

const enhanceJob = z.object({
  kind: z.literal('enhance'),
  prompt: z.string(),
  medium: z.enum(['image', 'video']),
  expectedSeconds: z.number(),
  simulate: z.string().nullable(),
})

export type RenderJob = z.infer<typeof renderJob>
export type EnhanceJob = z.infer<typeof enhanceJob>

export const commandSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('init'), lanes: z.array(lane), budgetMiB: z.number().nullable() }),
  z.object({
    type: z.literal('generate'),
    id: z.string(),
    lane,
    job: z.discriminatedUnion('kind', [renderJob, enhanceJob]),
    /** Existing folder for the files; null for jobs that make none. */
    outDir: z.string().nullable(),
    /** Models that must leave the card as soon as the job needs them no more: there is no room for all of its phases at once. */
    drop: z.array(z.string()).optional(),
    /** From the start as after an out of memory: slices, tiles and the smallest batches, with the same seeds. */
    lowMemory: z.boolean().optional(),
  }),
  z.object({ type: z.literal('cancel'), id: z.string() }),
  z.object({ type: z.literal('grant'), lane }),
  z.object({ type: z.literal('yield'), lane }),
  z.object({ type: z.literal('load'), model: z.string() }),
  z.object({ type: z.literal('unload'), model: z.string() }),
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('shutdown') }),
])
export type Command = z.infer<typeof commandSchema>

const id = z.string()
/** Eleven days, and a petabyte: beyond them a figure is nonsense, and would spoil the sums that it goes into. */
const ms = z.number().nonnegative().max(1e9)
const mib = z.number().nonnegative().max(1e9)
const memory = z.object({ reservedMiB: mib, totalMiB: mib }).nullable()
/** What a program says of itself, which receipts and callbacks repeat. */
const shortText = z.string().transform(text => cleanText(text.slice(0, 200)))

export const engineErrorCodes = [
  'invalid_input',
  'oom',
  'cuda_error',
  'model_missing',
  'cancelled',
  'disk_full',
  'internal',
] as const

export const eventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    v: z.literal(PROTOCOL_VERSION),
    pid: z.int(),
    device: shortText,
    name: shortText,
    version: shortText,
  }),
  z.object({ type: z.literal('loading'), model: z.string() }),
  z.object({
    type: z.literal('ready'),
    models: z.array(z.string()),
    memory,
    /** The models have changed by themselves, as by what a job needed: no load or unload is answered by it. */
    unasked: z.boolean().optional(),
  }),
  z.object({ type: z.literal('accepted'), id }),
  z.object({ type: z.literal('want'), lane, id }),
  z.object({ type: z.literal('yielded'), lane, id, heldMs: ms }),
  z.object({
    type: z.literal('released'),
    lane,
    id,
    heldMs: ms,
    /** The most memory that was reserved while the job ran. */
    peakMiB: mib.nullable().optional(),
    /** What is reserved now. */
    reservedMiB: mib.nullable().optional(),
  }),
  /** The job needs the model no more, though it goes on: its text is encoded. */
  z.object({ type: z.literal('unneeded'), id, model: z.string() }),
  z.object({
    type: z.literal('progress'),
    id,
    step: z.int().nonnegative(),
    total: z.int().nonnegative(),
    phase: z.enum(['waiting', 'loading', 'encoding-text', 'rendering', 'decoding', 'saving']),
  }),
  z.object({
    type: z.literal('artifact'),
    id,
    path: z.string(),
    sha256: z.string().regex(SHA256),
    seed: z.int().nonnegative(),
    width: z.int().positive(),
    height: z.int().positive(),
    frames: z.int().positive(),
  }),
  z.object({
    type: z.literal('done'),
    id,
    timings: z.object({ loadMs: ms, cardMs: ms, encodeMs: ms }),
    peakMiB: mib.nullable(),
    /** The enhanced prompt, of an `enhance` job. */
    text: z.string().optional(),
    /** How the reference was honoured (`vace`, `img2img`, …). */
    referenceMethod: shortText.nullable().optional(),
  }),
  z.object({
    type: z.literal('failed'),
    id,
    code: z.enum(engineErrorCodes),
    retryable: z.boolean(),
    message: z.string(),
  }),
  z.object({ type: z.literal('cancelled'), id }),
  /** What an operator should know although the work goes on. Logged; not a word of a prompt belongs in it. */
  z.object({ type: z.literal('warning'), message: z.string() }),
  z.object({ type: z.literal('fatal'), reason: z.string() }),
  z.object({ type: z.literal('pong') }),
])
export type EngineEvent = z.infer<typeof eventSchema>
