import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startTemporalServer } from '../../dev/temporalServer.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { payloadOf } from '../workflows/payloads.ts'
import { openPipeline } from '../workflows/pipeline.ts'

/** Twice the heartbeat time-out: by then Temporal has given the attempt up. */
const OUTAGE_MS = 60_000

test('Temporal is killed for a minute in mid-render: the render goes on, and is not done twice', async () => {
  const dbFile = join(await temporaryDirectory(), 'temporal.db')
  const first = await startTemporalServer({ ui: false, dbFile })
  let server = first
  // Registered first, so that it is stopped last.
  onTestFinished(() => server.stop())
  const port = Number(first.address.split(':')[1])
  // A video of 135 expected seconds takes 40: it ends while nobody is there to be told.
  const { pipeline, config, heard } = await openPipeline({
    env: { TEMPORAL_ADDRESS: first.address, PREVIEW_SPEED: '0.3' },
  })
  const payload = payloadOf({ type: 'video_fast' })
  await pipeline.submit(payload)
  await expect
    .poll(async () => (await pipeline.get(payload.id)).phase, { timeout: 30_000, interval: 500 })
    .toBe('rendering')

  process.kill(first.pid, 'SIGKILL')
  await first.ended
  await sleep(OUTAGE_MS)
  server = await startTemporalServer({ ui: false, dbFile, port })
  expect(server.address).toBe(first.address)

  const { receipt } = await pipeline.result(payload.id)
  expect(receipt?.timings.cardMs).toBeGreaterThan(35_000)
  const marks = await readdir(join(config.renders.directory, payload.id, receipt?.planHash ?? ''))
  // The number counts the attempts.
  expect(marks.filter(name => name.startsWith('began'))).toEqual(['began-1.json'])
  expect(heard(payload.id).map(({ status }) => status)).toEqual(['processing', 'completed'])
})
