import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { EngineTask } from '../engines/engineRun.ts'
import { createProgramHarness, renderJob } from '../engines/testing/programHarness.ts'
import { openLaneModes } from '../gpu/laneModes.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { whyClosed } from './laneGate.ts'
import { prepare } from './preparation.ts'
import { warmUp } from './warmUp.ts'

const log = pino({ level: 'silent' })
const folders = async () => (await readdir(tmpdir())).filter(name => name.startsWith('ourvidz-warm-up-'))

const OPEN = { get: () => 'open' as const, onChange: () => {} }

let harness: ReturnType<typeof createProgramHarness>

beforeEach(() => {
  harness = createProgramHarness()
})

afterEach(async () => {
  expect(await harness.leftovers()).toEqual([])
})

function counted(start = 'normal') {
  const program = harness.program(start)
  const ran: EngineTask[] = []
  const run: typeof program.run = (task, hooks) => {
    ran.push(task)
    return program.run(task, hooks)
  }
  return { program: { run }, ran }
}

it('renders all that is compiled anew for, in the open lanes of the models that are named, and leaves no file', async () => {
  const { program, ran } = counted()
  const before = await folders()
  await warmUp(program, {
    models: ['lustify_sdxl', 'wan_2_1_1_3b'],
    lanes: { get: lane => (lane === 'wan.image' ? 'paused' : 'open'), onChange: () => {} },
    log,
    signal: new AbortController().signal,
  })
  expect(
    ran.map(({ lane, job }) => [lane, job.kind === 'render' && [job.images, job.referenceMode]]),
  ).toEqual([
    ['sdxl', [1, 'none']],
    ['sdxl', [3, 'none']],
    ['sdxl', [6, 'none']],
    ['sdxl', [1, 'none']],
    ['wan.video', [1, 'none']],
    ['wan.video', [1, 'start']],
  ])
  expect(await folders()).toEqual(before)
})

it('goes on where there is no room for its files', async () => {
  vi.stubEnv('TMPDIR', '/nowhere')
  const { program, ran } = counted()
  const { signal } = new AbortController()
  await warmUp(program, { models: ['lustify_sdxl'], lanes: OPEN, log, signal })
  vi.unstubAllEnvs()
  expect(ran).toEqual([])
})

it('goes on after one that fails, and stops when the worker does', async () => {
  const { program, ran } = counted()
  const controller = new AbortController()
  const failing: typeof program.run = (task, hooks) => {
    if (task.lane === 'sdxl') return Promise.reject(new Error('no compiler'))
    controller.abort(new Error('the worker stops'))
    return program.run(task, hooks)
  }
  const warming = warmUp(
    { run: failing },
    {
      models: ['lustify_sdxl', 'wan_2_1_1_3b'],
      lanes: OPEN,
      log,
      signal: controller.signal,
    },
  )
  await expect(warming).rejects.toThrow('the worker stops')
  expect(ran.map(({ lane }) => lane)).toEqual(['wan.image'])
})

it('leaves out a lane that is paused meanwhile', async () => {
  const { program, ran } = counted()
  const lanes = await openLaneModes({
    file: join(await temporaryDirectory(), 'lanes'),
    write: async () => {},
    log,
  })
  const held = Promise.withResolvers<void>()
  const holding: typeof program.run = (task, hooks) =>
    program.run(task.lane === 'sdxl' ? { ...task, job: renderJob('hold') } : task, {
      ...hooks,
      onProgress: ({ step }) => step > 0 && held.resolve(),
    })
  const { signal } = new AbortController()
  const warming = warmUp({ run: holding }, { models: ['lustify_sdxl', 'wan_2_1_1_3b'], lanes, log, signal })
  await held.promise
  await lanes.set(['sdxl'], 'paused')
  await warming
  expect(ran.map(({ lane }) => lane)).toEqual(['sdxl', 'wan.image', 'wan.image', 'wan.video', 'wan.video'])
})

it('no lane takes jobs before it is over, and none of a program that never starts', async () => {
  const signal = AbortSignal.timeout(60_000)
  const options = { models: ['lustify_sdxl'], lanes: OPEN, log, signal }
  const there = { missingWeights: async () => null, noRoom: async () => null }
  const program = harness.program()
  const well = { program, ...there, preparation: prepare(program, options) }
  expect(await whyClosed(well, 'sdxl')).toBe('the inference program is starting')
  await program.start()
  expect(await whyClosed(well, 'sdxl')).toBe('models are being warmed up')
  await expect.poll(() => whyClosed(well, 'sdxl')).toBeNull()

  const crashing = harness.program('crash', { respawn: { breakerCrashes: 1 } })
  const broken = { program: crashing, ...there, preparation: prepare(crashing, options) }
  await expect.poll(() => whyClosed(broken, 'sdxl')).toBe('the inference program is broken')
})
