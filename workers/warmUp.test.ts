import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { EngineTask } from '../engines/engineRun.ts'
import { createProgramHarness } from '../engines/testing/programHarness.ts'
import { warmUp } from './warmUp.ts'

const log = pino({ level: 'silent' })
const folders = async () => (await readdir(tmpdir())).filter(name => name.startsWith('ourvidz-warm-up-'))

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
    lanes: { get: lane => (lane === 'wan.image' ? 'paused' : 'open') },
    log,
    signal: new AbortController().signal,
  })
  expect(
    ran.map(({ lane, job }) => [lane, job.kind === 'render' && [job.images, job.referenceMode]]),
  ).toEqual([
    ['sdxl', [1, 'none']],
    ['sdxl', [3, 'none']],
    ['sdxl', [6, 'none']],
    ['wan.video', [1, 'none']],
    ['wan.video', [1, 'start']],
  ])
  expect(await folders()).toEqual(before)
})

it('goes on where there is no room for its files', async () => {
  vi.stubEnv('TMPDIR', '/nowhere')
  const { program, ran } = counted()
  const { signal } = new AbortController()
  await warmUp(program, { models: ['lustify_sdxl'], lanes: { get: () => 'open' }, log, signal })
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
      lanes: { get: () => 'open' },
      log,
      signal: controller.signal,
    },
  )
  await expect(warming).rejects.toThrow('the worker stops')
  expect(ran.map(({ lane }) => lane)).toEqual(['wan.image'])
})
