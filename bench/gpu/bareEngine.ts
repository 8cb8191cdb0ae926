import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { EnhanceJob, RenderJob } from '../../engines/protocol.ts'
import { type Event, startWithBareParent } from '../../engines/testing/bareParent.ts'
import { LANES, type Lane } from '../../jobs/jobTypes.ts'
import type { Place, Tell } from './place.ts'
import { tellLines } from './tellLines.ts'
import { within } from './within.ts'

const START_MS = 5 * 60_000
const END_MS = 10_000
const LIFE_MS = 3 * 3_600_000

export interface BareRender {
  done: Event<'done'>
  /** From the job on its way to its last event. */
  wallMs: number
}

/** The program with a parent that grants every wish at once: one job at a time has the card to itself. */
export interface BareEngine {
  render(lane: Lane, job: RenderJob | EnhanceJob): Promise<BareRender>
  /** Takes models off the card, and what the allocator keeps: these, or all of them. */
  unload(models?: readonly string[]): Promise<void>
  close(): Promise<void>
}

export interface BareEngineOptions {
  compile: boolean
  jobLimitMs: number
  /** Told what the program has said on stderr, when it is closed: of models that are not compiled after all, above all. */
  tell?: Tell
}

export async function startBareEngine(
  place: Place,
  { compile, jobLimitMs, tell = () => {} }: BareEngineOptions,
): Promise<BareEngine> {
  const program = startWithBareParent({ ...place.program(compile), grant: true, limitMs: LIFE_MS })
  async function ask<T>(what: string, limitMs: number, answer: Promise<T>): Promise<T> {
    return await within(what, limitMs, answer).catch(async error => {
      program.kill()
      const { stderr } = await program.exited
      throw new Error(`${error.message}\n${stderr.split('\n').slice(-20).join('\n')}`)
    })
  }

  const nextReady = () => {
    const before = new Set(program.events)
    return program.until('ready', event => !before.has(event))
  }
  await ask('the start of the program', START_MS, program.until('hello'))
  program.send({ type: 'init', lanes: [...LANES], budgetMiB: null })
  await ask('the start of the program', START_MS, program.until('ready'))

  return {
    async render(lane, job) {
      const id = randomUUID()
      const outDir = join(place.folder, id)
      await mkdir(outDir)
      const of = (event: { id: string }) => event.id === id
      const sinceMs = performance.now()
      program.send({ type: 'generate', id, lane, job, outDir: job.kind === 'enhance' ? null : outDir })
      const failed = program.until('failed', of).then(({ code, message }) => {
        throw new Error(`${code}: ${message}`)
      })
      // The program ends before it fails a job that was done.
      failed.catch(() => {})
      const done = await ask('a job', jobLimitMs, Promise.race([program.until('done', of), failed]))
      const wallMs = performance.now() - sinceMs
      await rm(outDir, { recursive: true })
      return { done, wallMs }
    },
    async unload(models = program.events.findLast(event => event.type === 'ready')?.models ?? []) {
      for (const model of models) {
        const ready = nextReady()
        program.send({ type: 'unload', model })
        await ask('an unload', START_MS, ready)
      }
    },
    async close() {
      program.send({ type: 'shutdown' })
      await within('the end of the program', END_MS, program.exited).catch(program.kill)
      const { stderr } = await program.exited
      tellLines(tell, stderr)
    },
  }
}
