import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { findFfmpeg } from '../../../assets/ffmpeg.ts'
import type { Lane } from '../../../jobs/jobTypes.ts'
import type { EngineEvent, EnhanceJob, RenderJob } from '../../protocol.ts'
import { type BareParent, type Event, startWithBareParent } from '../../testing/bareParent.ts'
import { diffusersCommand } from '../command.ts'
import { enginePython } from './enginePython.ts'

const LANES: Lane[] = ['sdxl', 'wan.image', 'wan.video', 'wan.enhance']
const SIMULATED_CARD = fileURLToPath(new URL('simulated_card.py', import.meta.url))
/** Loading torch and diffusers takes some twenty seconds, more on a busy machine. */
const START_MS = 180_000

export interface Rendering {
  id: string
  /** Resolves with what the job came to, or rejects with its `failed` event's code and message. */
  result: Promise<Result>
}

export interface Result {
  done: Event<'done'>
  artifacts: Event<'artifact'>[]
  /** What the VAE was given, batch first; empty for a prompt. */
  latents: Float32Array
}

export interface GateEntry {
  at: number
  event: 'begin' | 'gate' | 'end'
  lane: Lane
  id: string
  module: string
}

/** The real program on the CPU, with tiny models of the real topology. One for a whole suite: it takes long to start. */
export interface EngineHarness {
  program: BareParent
  folder: string
  modelsDir: string
  /** Sends a job; the turn is granted first come, first served unless the suite does it. */
  begin(lane: Lane, job: RenderJob | EnhanceJob): Promise<Rendering>
  /** `begin`, and its result. */
  render(lane: Lane, job: RenderJob | EnhanceJob, more?: { lowMemory?: boolean }): Promise<Result>
  cancel(id: string): void
  /** Grants are given by hand from now on: the function that grants, or null to return to first come, first served. */
  onWant(handler: ((event: EngineEvent) => void) | null): void
  /** Everything that the gates have recorded. */
  gates(): Promise<GateEntry[]>
  /** MiB that all living tensors hold, as the program counts them. Waits for its answer. */
  memoryMiB(): Promise<number>
  loadedModels(): Promise<string[]>
  close(): Promise<void>
}

export interface HarnessOptions {
  /** Written before the program starts, beside or instead of the tiny models. */
  prepare?: (modelsDir: string) => Promise<void>
  args?: (folder: string) => string[]
  budgetMiB?: number | null
  wanCommand?: string | null
  /** On a card that is simulated: see simulated_card.py. */
  simulatedCard?: true
  /** Beside what every program of ours is given. */
  env?: Record<string, string>
}

/** Makes the tiny models of the real topology in a folder. */
export async function writeTinyModels(modelsDir: string): Promise<void> {
  const { python, env } = await enginePython()
  await mkdir(modelsDir, { recursive: true })
  await execa(python, ['-m', 'ourvidz_engine.tiny', modelsDir], { env, extendEnv: false })
}

/** What libraries do: they write to stdout, before anybody can stop them and at any time after. Python runs it at its start. */
async function writeNoise(folder: string): Promise<string> {
  const directory = join(folder, 'noise')
  await mkdir(directory)
  const code = [
    'import os, sys, threading, time',
    `os.write(1, b"${EARLY_NOISE}\\n")`,
    'def write():',
    '    while True:',
    '        time.sleep(0.05)',
    `        os.write(1, b'{"type": "done", "id": "job-1"}\\nCUDA says hello')`,
    `        print('Loading checkpoint shards: 50%', file=sys.__stdout__, flush=True)`,
    'threading.Thread(target=write, daemon=True).start()',
  ]
  await writeFile(join(directory, 'sitecustomize.py'), `${code.join('\n')}\n`)
  return directory
}

export const EARLY_NOISE = 'a library has been imported'

export async function openEngine(options: HarnessOptions = {}): Promise<EngineHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'))
  const modelsDir = join(folder, 'models')
  const latentsDir = join(folder, 'latents')
  const gateLog = join(folder, 'gates.jsonl')
  await mkdir(latentsDir)
  await writeTinyModels(modelsDir)
  await options.prepare?.(modelsDir)
  const { python, env } = await enginePython()
  const noise = await writeNoise(folder)
  const start = diffusersCommand({
    python,
    device: options.simulatedCard ? 'cuda' : 'cpu',
    modelsDir,
    sdxlCheckpoint: join(modelsDir, 'sdxl-lustify/lustifySDXLNSFWSFW_v20.safetensors'),
    cacheDir: join(folder, 'cache'),
    ffmpeg: await findFfmpeg(),
    compile: false,
    lossy: [],
    enhanceLimitMs: 60_000,
    stallMs: 600_000,
    wanCommand: options.wanCommand ?? null,
    wanCommandPython: python,
    cardUuid: null,
    path: process.env.PATH ?? '',
    home: folder,
    libraryPath: null,
  })
  let onWant: ((event: EngineEvent) => void) | null = null
  const program = startWithBareParent({
    ...start,
    args: [
      ...(options.simulatedCard ? [SIMULATED_CARD, ...start.args.slice(1)] : start.args),
      '--gate-log',
      gateLog,
      '--latents-dir',
      latentsDir,
      ...(options.args?.(folder) ?? []),
    ],
    env: { ...start.env, ...env, ...options.env, PYTHONPATH: `${noise}:${env.PYTHONPATH}` },
    limitMs: 900_000,
    grant: () => onWant === null,
    onEvent: event => onWant?.(event),
  })
  await within(START_MS, program.until('hello'))
  program.send({ type: 'init', lanes: LANES, budgetMiB: options.budgetMiB ?? null })
  await within(START_MS, program.until('ready'))

  let count = 0
  async function begin(
    lane: Lane,
    job: RenderJob | EnhanceJob,
    more: { lowMemory?: boolean } = {},
  ): Promise<Rendering> {
    count += 1
    const id = `job-${count}`
    const outDir = join(folder, id)
    await mkdir(outDir)
    const of = (event: { id: string }) => event.id === id
    const to = job.kind === 'render' ? outDir : null
    program.send({ type: 'generate', id, lane, job, outDir: to, ...more })
    const result = (async () => {
      const ended = await Promise.race([
        program.until('done', of),
        program.until('failed', of),
        program.until('cancelled', of),
      ])
      if (ended.type === 'failed') throw Object.assign(new Error(ended.message), { code: ended.code })
      if (ended.type === 'cancelled') throw Object.assign(new Error('cancelled'), { code: 'cancelled' })
      const artifacts = program.events.filter(event => event.type === 'artifact').filter(of)
      const bytes = await readFile(join(latentsDir, `${id}.f32`)).catch(() => Buffer.alloc(0))
      return { done: ended, artifacts, latents: new Float32Array(Uint8Array.from(bytes).buffer) }
    })()
    result.catch(() => {})
    return { id, result }
  }

  async function latestReady(): Promise<Event<'ready'>> {
    const before = program.events.filter(event => event.type === 'ready').length
    // An unload of a model that is not there changes nothing, and is answered.
    program.send({ type: 'unload', model: 'sdxl_ip_adapter' })
    for (;;) {
      const ready = program.events.filter(event => event.type === 'ready')
      const last = ready.at(-1)
      if (ready.length > before && last !== undefined) return last
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  return {
    program,
    folder,
    modelsDir,
    begin,
    render: async (lane, job, more) => await (await begin(lane, job, more)).result,
    cancel: id => program.send({ type: 'cancel', id }),
    onWant(handler) {
      onWant = handler
    },
    async gates() {
      const text = await readFile(gateLog, 'utf8')
      return text
        .trim()
        .split('\n')
        .map(entry => JSON.parse(entry))
    },
    memoryMiB: async () => (await latestReady()).memory?.reservedMiB ?? Number.NaN,
    loadedModels: async () => (await latestReady()).models,
    async close() {
      program.send({ type: 'shutdown' })
      const timer = setTimeout(program.kill, 5000)
      await program.exited
      clearTimeout(timer)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the program said nothing for ${limitMs} ms`)), limitMs)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
