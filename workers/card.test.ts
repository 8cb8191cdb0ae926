import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { plainRender } from '../engines/plainRender.ts'
import type { RenderJob } from '../engines/protocol.ts'
import type { RenderLane } from '../jobs/jobTypes.ts'
import { parseConfig } from '../runtime/config.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createCard } from './card.ts'
import { createCardStatus, laneChecks } from './cardStatus.ts'
import { openEngine } from './engine.ts'
import { PREPARED } from './testing/prepared.ts'

const IMAGE = plainRender('sdxl', { width: 64, height: 64, frames: 1, steps: 4 })
const VIDEO = plainRender('wan', { width: 64, height: 64, frames: 9, steps: 20 })
const log = pino({ level: 'silent' })

async function startCard(more: Record<string, string>) {
  const DATA_DIR = await temporaryDirectory()
  const config = parseConfig({ DATA_DIR, CARD_MEMORY_MIB: '49140', ...more })
  const ffmpeg = await findFfmpeg()
  const metrics = createMetrics()
  const { signal } = new AbortController()
  const engine = await openEngine({ config, ffmpeg, log, signal, defer: () => {}, onCardGone: () => {} })
  const card = await createCard({ config, engine, ffmpeg, log, metrics, isWanted: async () => true })
  onTestFinished(() => card.program.stop(1000))
  await card.program.start()
  return {
    card,
    async run(id: string, lane: RenderLane, job: RenderJob) {
      const outDir = join(DATA_DIR, id)
      await mkdir(outDir)
      return await card.program.run({ id, lane, job, outDir, cardSecondsLimit: 600 })
    },
    /** By name and labels, as scraped. */
    async scrape() {
      const lines = (await metrics.registry.metrics()).split('\n').filter(line => line.startsWith('ourvidz_'))
      return Object.fromEntries(
        lines.map(line => {
          const [name = '', value] = line.split(/ (?=[^ ]+$)/)
          return [name, Number(value)]
        }),
      )
    },
  }
}

test('what happens on the card is in the metrics: turns, cut-ins, models, memory, and each second once', async () => {
  const { card, run, scrape } = await startCard({ PREVIEW_SPEED: '1', PREWARM: '' })
  const video = run('video', 'wan.video', { ...VIDEO, expectedSeconds: 3 })
  await expect.poll(() => card.program.tasks().holder?.lane, { timeout: 20_000 }).toBe('wan.video')
  await run('image', 'sdxl', IMAGE)
  await video

  const seen = await scrape()
  expect(seen).toMatchObject({
    'ourvidz_cut_in_seconds_count{lane="sdxl"}': 1,
    'ourvidz_turn_wait_seconds_count{lane="sdxl"}': 1,
    'ourvidz_turn_wait_seconds_count{lane="wan.video"}': 2,
    'ourvidz_model_moves_total{model="lustify_sdxl",move="load"}': 1,
    'ourvidz_model_moves_total{model="wan_2_1_1_3b",move="load"}': 1,
    ourvidz_card_budget_mib: 47_645,
  })
  const turnSeconds = ['sdxl', 'wan.video'].map(
    lane => seen[`ourvidz_turn_seconds_total{lane="${lane}"}`] ?? 0,
  )
  const busySeconds = seen.ourvidz_card_busy_seconds_total ?? 0
  expect(Math.min(...turnSeconds)).toBeGreaterThan(0.5)
  expect(turnSeconds.reduce((sum, each) => sum + each) / busySeconds).toBeCloseTo(1, 1)
  // While the first model was loaded, a job waited.
  expect(seen.ourvidz_card_idle_gap_seconds_total).toBeGreaterThan(0)
  expect((await scrape()).ourvidz_card_busy_seconds_total).toBe(busySeconds)
})

test('the mode of each lane is in the metrics as it is now', async () => {
  const { card, scrape } = await startCard({})
  const modes = async (lane: string) => {
    const seen = await scrape()
    return ['open', 'paused', 'draining'].map(
      mode => seen[`ourvidz_lane_mode{lane="${lane}",mode="${mode}"}`],
    )
  }
  expect(await modes('sdxl')).toEqual([1, 0, 0])
  await card.lanes.set(['sdxl'], 'paused')
  expect(await modes('sdxl')).toEqual([0, 1, 0])
  expect(await modes('wan.video')).toEqual([1, 0, 0])
})

test('a lane whose jobs killed the program again and again says so to the operator, and comes back', async () => {
  const { card, run } = await startCard({ PREVIEW_SPEED: '0', TIME_SCALE: '0.1' })
  const deps = {
    hostId: 'here',
    ...card,
    workerState: () => 'RUNNING',
    missingWeights: async () => null,
    noRoom: async () => null,
    preparation: PREPARED,
  }
  const crashes = ['one', 'two', 'three'].map(id => run(id, 'sdxl', { ...IMAGE, simulate: 'crash' }))
  const ended = Promise.allSettled(crashes)

  const reason = 'out of service: its jobs killed the program again and again'
  const served = async () => {
    const { lanes } = await createCardStatus(deps)()
    return Object.fromEntries(lanes.map(({ lane, ready, reason }) => [lane, ready ? true : reason]))
  }
  await expect.poll(served, { timeout: 30_000 }).toMatchObject({ sdxl: reason, 'wan.video': true })
  const checks = laneChecks(() => deps)
  await expect(checks['lane sdxl']?.()).rejects.toThrow(reason)
  await expect(checks['lane wan.image']?.()).resolves.toBe('open')
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  await expect.poll(served, { timeout: 30_000 }).toMatchObject({ sdxl: true })
  await run('four', 'sdxl', IMAGE)
}, 90_000)
