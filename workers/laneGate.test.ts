import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { createProgramHarness, renderJob } from '../engines/testing/programHarness.ts'
import { createLaneGate, whyClosed } from './laneGate.ts'
import { laneSlots } from './laneSlots.ts'
import type { MissingWeights } from './missingWeights.ts'
import type { NoRoom } from './noRoom.ts'
import { PREPARED } from './testing/prepared.ts'

const log = pino({ level: 'silent' })
const harness = createProgramHarness()
const MISSING = { why: 'weights are missing', certain: true }
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

type Asking = Omit<Parameters<typeof createLaneGate>[0], 'preparation' | 'noRoom'> & { noRoom?: NoRoom }

/** What the Worker of a lane would be given for two requests. */
function asking(options: Asking) {
  const gate = createLaneGate({
    preparation: PREPARED,
    noRoom: async () => null,
    lookMs: 20,
    ...options,
  })
  const slots = laneSlots({ lane: 'wan.video', lanes: OPEN, gate, count: 2 })
  const stop = new AbortController()
  let given = 0
  const asked = [1, 2].map(() => slots.reserveSlot(CONTEXT, stop.signal).then(() => (given += 1)))
  return { given: () => given, asked: Promise.allSettled(asked), stop }
}

it('asks for no job while weights are missing, and does once they are there', async () => {
  const program = harness.program()
  await program.start()
  let missing: Awaited<ReturnType<MissingWeights>> = MISSING
  const { given } = asking({ program, missingWeights: async () => missing, log })
  await sleep(200)
  expect(given()).toBe(0)
  missing = null
  await expect.poll(given).toBe(2)
})

it('asks for no render while its files have no room, and does once they have', async () => {
  const program = harness.program()
  await program.start()
  let full: string | null = 'no room'
  const well = { program, missingWeights: async () => null, noRoom: async () => full }
  const { given } = asking({ ...well, log })
  await sleep(200)
  expect(given()).toBe(0)
  expect(await whyClosed({ ...well, preparation: PREPARED }, 'wan.enhance')).toBeNull()
  full = null
  await expect.poll(given).toBe(2)
})

it('asks where the weights are doubtful only, and where the model is loaded: the program knows better', async () => {
  const program = harness.program()
  await program.start()
  const doubtful = asking({ program, missingWeights: async () => ({ ...MISSING, certain: false }), log })
  await expect.poll(doubtful.given).toBe(2)
  const info = { pid: 1, name: 'test', version: '1', device: 'cpu', models: ['wan_2_1_1_3b'], memory: null }
  const loaded = { state: () => ({ ...program.state(), info }) }
  const certain = asking({ program: loaded, missingWeights: async () => MISSING, log })
  await expect.poll(certain.given).toBe(2)
})

it('asks for none from a crash until the program is ready again, however often it is started', async () => {
  const respawn = { backoffMs: 100, backoffMaxMs: 100, breakerCrashes: 3, breakerCooldownMs: 200 }
  const dying = harness.program('crash', { respawn })
  await expect(dying.start()).rejects.toThrow('exit code')
  const { given } = asking({ program: dying, missingWeights: async () => null, log })
  await expect.poll(() => dying.state().crashes, { timeout: 20_000 }).toBeGreaterThan(4)
  expect(given()).toBe(0)

  const once = harness.program('normal', { respawn })
  await once.start()
  const job = {
    id: 'a',
    lane: 'wan.video',
    job: renderJob('crash'),
    outDir: '/',
    cardSecondsLimit: 60,
  } as const
  await expect(once.run(job)).rejects.toThrow('exit code 3')
  const after = asking({ program: once, missingWeights: async () => null, log })
  await expect.poll(after.given, { timeout: 20_000 }).toBe(2)
  expect(once.state().status).toBe('ready')
})

it('asks for none from a dead program, however long its next start takes', async () => {
  const respawn = { backoffMs: 60_000, breakerWindowMs: 1 }
  const dying = harness.program('crash', { respawn })
  await expect(dying.start()).rejects.toThrow('exit code')
  const { given } = asking({ program: dying, missingWeights: async () => null, log })
  await sleep(300)
  expect([dying.state().crashes, given()]).toEqual([0, 0])
})

it('stops waiting with its Worker', async () => {
  const program = harness.program()
  await program.start()
  const { given, asked, stop } = asking({ program, missingWeights: async () => MISSING, log })
  stop.abort(new Error('shut down'))
  expect(await asked).toEqual(Array(2).fill({ status: 'rejected', reason: new Error('shut down') }))
  expect(given()).toBe(0)
})
