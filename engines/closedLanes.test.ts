import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createStrideTurnstile } from '../gpu/strideTurnstile.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import type { EngineTask } from './engineRun.ts'
import type { InferenceProgram } from './inferenceProgram.ts'
import { createProgramHarness, renderJob } from './testing/programHarness.ts'

let harness: ReturnType<typeof createProgramHarness>
let outDir: string
let program: InferenceProgram

beforeEach(async () => {
  harness = createProgramHarness()
  outDir = await mkdtemp(join(tmpdir(), 'lanes-'))
  program = harness.program('normal', { createTurnstile: port => createStrideTurnstile(port) })
  await program.start()
})

afterEach(async () => {
  expect(await harness.leftovers()).toEqual([])
  await rm(outDir, { recursive: true })
})

/** Runs a job of four steps of `stepMs` each; `over` tells whether it has ended. */
function begin(lane: Lane, stepMs: number, more: Partial<EngineTask> = {}) {
  const id = randomUUID()
  const job = renderJob(`slow:${stepMs}`)
  const run = {
    id,
    over: false,
    result: program.run({ id, lane, job, outDir, cardSecondsLimit: 60, ...more }),
  }
  const end = () => {
    run.over = true
  }
  run.result.then(end, end)
  return run
}

const lane = (name: Lane) => ({
  running: program.tasks().running.get(name) ?? [],
  waiting: program.tasks().waiting.get(name) ?? [],
})
const holds = ({ id }: { id: string }) =>
  expect.poll(() => program.tasks().holder?.taskId, { interval: 5, timeout: 5_000 }).toBe(id)
const nobodyHolds = () =>
  expect.poll(() => program.tasks().holder, { interval: 5, timeout: 5_000 }).toBeNull()

it('pauses a job at its next gate, charges it nothing meanwhile, and finishes it afterwards', async () => {
  const video = begin('wan.video', 150, { cardSecondsLimit: 2.5 })
  await holds(video)
  program.setLaneMode('wan.video', 'paused')
  await nobodyHolds()
  const held = program.tasks().heldMs['wan.video']
  expect((await begin('sdxl', 1).result).artifacts).toHaveLength(1)
  await sleep(2_600)
  expect(video.over).toBe(false)
  expect(program.tasks().heldMs['wan.video']).toBe(held)
  expect(lane('wan.video')).toEqual({ running: [video.id], waiting: [] })
  program.setLaneMode('wan.video', 'open')
  expect((await video.result).waitMs).toBeGreaterThan(2_500)
})

it('begins nothing in a paused lane, also not with a new program, until it is opened', async () => {
  program.setLaneMode('sdxl', 'paused')
  const picture = begin('sdxl', 1)
  await expect(
    program.run({ id: 'x', lane: 'wan.video', job: renderJob('crash'), outDir, cardSecondsLimit: 9 }),
  ).rejects.toThrow(/exit code 3/)
  expect((await begin('wan.video', 1).result).artifacts).toHaveLength(1)
  expect(lane('sdxl')).toEqual({ running: [], waiting: [picture.id] })
  program.setLaneMode('sdxl', 'open')
  expect((await picture.result).artifacts).toHaveLength(1)
})

it('drains a lane: what it has is finished, what comes later waits', async () => {
  const first = begin('sdxl', 50)
  const second = begin('sdxl', 50)
  await holds(first)
  program.setLaneMode('sdxl', 'draining')
  const late = begin('sdxl', 1)
  await Promise.all([first.result, second.result])
  program.setLaneMode('sdxl', 'draining')
  await sleep(100)
  expect(lane('sdxl')).toEqual({ running: [], waiting: [late.id] })
  program.setLaneMode('sdxl', 'open')
  expect((await late.result).artifacts).toHaveLength(1)
})

it('cancels a job of a paused lane like any other', async () => {
  const stop = new AbortController()
  const paused = program.run(
    { id: 'one', lane: 'sdxl', job: renderJob('slow:100'), outDir, cardSecondsLimit: 60 },
    { signal: stop.signal },
  )
  await holds({ id: 'one' })
  program.setLaneMode('sdxl', 'paused')
  await nobodyHolds()
  stop.abort('enough')
  await expect(paused).rejects.toBe('enough')
  expect(lane('sdxl')).toEqual({ running: [], waiting: [] })
  expect((await begin('wan.image', 1).result).artifacts).toHaveLength(1)
})
