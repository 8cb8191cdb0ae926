import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { createProgramHarness, renderJob } from '../engines/testing/programHarness.ts'
import { createLaneGate } from './laneGate.ts'
import { laneSlots } from './laneSlots.ts'

const log = pino({ level: 'silent' })
const harness = createProgramHarness()
const OPEN = { get: () => 'open' as const, opened: async () => {} }
const CONTEXT = {
  slotType: 'activity',
  taskQueue: 'wan.video',
  workerIdentity: 'test',
  workerBuildId: '',
  isSticky: false,
} as const

afterEach(async () => {
  expect(await harness.leftovers()).toEqual([])
})

/** What the Worker of a lane would be given for two requests. */
function asking(options: Parameters<typeof createLaneGate>[0]) {
  const gate = createLaneGate({ ...options, lookMs: 20 })
  const slots = laneSlots({ lane: 'wan.video', lanes: OPEN, gate, count: 2 })
  const stop = new AbortController()
  let given = 0
  const asked = [1, 2].map(() => slots.reserveSlot(CONTEXT, stop.signal).then(() => (given += 1)))
  return { given: () => given, asked: Promise.allSettled(asked), stop }
}

it('asks for no job while weights are missing, and does once they are there', async () => {
  const program = harness.program()
  await program.start()
  let missing: string | null = 'weights are missing'
  const { given } = asking({ program, missingWeights: async () => missing, log })
  await sleep(200)
  expect(given()).toBe(0)
  missing = null
  await expect.poll(given).toBe(2)
})

it('asks for none while the program is broken, and does when it is well again', async () => {
  const respawn = { breakerCrashes: 1, breakerCooldownMs: 1_500 }
  const program = harness.program('normal', { respawn })
  await program.start()
  const job = {
    id: 'a',
    lane: 'wan.video',
    job: renderJob('crash'),
    outDir: '/',
    cardSecondsLimit: 60,
  } as const
  await expect(program.run(job)).rejects.toThrow('exit code 3')
  expect(program.state().status).toBe('broken')
  const { given } = asking({ program, missingWeights: async () => null, log })
  await sleep(300)
  expect(given()).toBe(0)
  await expect.poll(given, { timeout: 20_000 }).toBe(2)
})

it('stops waiting with its Worker', async () => {
  const program = harness.program()
  await program.start()
  const { given, asked, stop } = asking({ program, missingWeights: async () => 'weights are missing', log })
  stop.abort(new Error('shut down'))
  expect(await asked).toEqual(Array(2).fill({ status: 'rejected', reason: new Error('shut down') }))
  expect(given()).toBe(0)
})
