import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JobNotFoundError } from '../../client/index.ts'
import type { OwnedProcess } from '../../dev/ownedProcess.ts'
import { LANES } from '../../jobs/jobTypes.ts'
import { payloadOf } from '../workflows/payloads.ts'
import { type Installation, openInstallation, rendersOn } from './installation.ts'

/** A video of 135 expected seconds takes three. */
const SPEED = 0.02
const LIMIT = { timeout: 120_000 }

let folder: string
let installation: Installation
let controls: OwnedProcess[]
let gpu: OwnedProcess

/** One installation for all: each test leaves it running, the last one on another machine. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ourvidz-operations-'))
  installation = await openInstallation({ folder, previewSpeed: SPEED })
  await installation.startStorage()
  await startAll(database(), 'card-1')
}, 120_000)

afterAll(() => installation.close())

const database = () => join(folder, 'temporal.db')
const machine = (hostId: string) => join(folder, hostId)
const completedOnce = { statuses: ['completed'], ids: [expect.stringMatching(/^evt_/)] }

async function startAll(file: string, hostId: string): Promise<void> {
  await installation.startTemporal(file)
  const [first, second, third] = await Promise.all([
    installation.startControl(),
    installation.startControl(),
    installation.startGpu(hostId, machine(hostId)),
  ])
  controls = [first, second]
  gpu = third
}

async function submit(...payloads: { id: string }[]): Promise<void> {
  for (const payload of payloads) await installation.pipeline.submit(payload)
}

async function untilRendering(jobId: string): Promise<void> {
  const phase = async () => (await installation.pipeline.get(jobId)).phase
  await expect.poll(phase, { timeout: 30_000, interval: 100 }).toBe('rendering')
}

const video = () => payloadOf({ type: 'video_fast', config: { seed: undefined } })

test(
  'upgrade: control workers one after the other, the GPU worker after its card was drained; no job notices',
  LIMIT,
  async () => {
    const jobs = [video(), payloadOf(), payloadOf({ type: 'image_fast' })]
    await submit(...jobs)
    await untilRendering(jobs[0]?.id ?? '')
    for (const worker of controls) {
      const next = installation.startControl()
      await worker.stop(20_000)
      expect(await worker.ended).toMatchObject({ exitCode: 0 })
      await next
    }
    const card = installation.pipeline.card('card-1')
    await card.drain(...LANES)
    const late = payloadOf()
    await submit(late)
    for (const { id } of jobs) await installation.pipeline.result(id)
    expect(await rendersOn(machine('card-1'), late.id)).toMatchObject({ finished: false })
    await gpu.stop(20_000)
    expect(await gpu.ended).toMatchObject({ exitCode: 0 })
    gpu = await installation.startGpu('card-1', machine('card-1'))
    await card.resume(...LANES)

    for (const { id } of [...jobs, late]) {
      expect(await installation.pipeline.result(id)).toMatchObject({ status: 'completed' })
      expect(installation.endOf(id)).toEqual(completedOnce)
      // The late one may have waited at the worker, in line.
      if (id !== late.id) expect(await rendersOn(machine('card-1'), id)).toEqual({ begun: 1, finished: true })
    }
  },
)

test(
  'power loss: every process dies at once, and after the start every job ends, none that was rendered is rendered again',
  LIMIT,
  async () => {
    const done = payloadOf()
    await submit(done)
    await installation.pipeline.result(done.id)
    const rendered = payloadOf({ config: { num_images: 3 } })
    await installation.stopStorage()
    await submit(rendered)
    const isRendered = async () => (await rendersOn(machine('card-1'), rendered.id)).finished
    await expect.poll(isRendered, { timeout: 30_000, interval: 50 }).toBe(true)
    const [rendering, waiting] = [video(), video()]
    await submit(rendering, waiting)
    await untilRendering(rendering.id)

    await installation.powerLoss()
    await installation.startStorage()
    await startAll(database(), 'card-1')

    for (const { id } of [done, rendered, rendering, waiting]) {
      expect(await installation.pipeline.result(id)).toMatchObject({ status: 'completed' })
      expect(installation.endOf(id)).toEqual(completedOnce)
    }
    const begun = async ({ id }: { id: string }) => (await rendersOn(machine('card-1'), id)).begun
    expect(await Promise.all([done, rendered, rendering].map(begun))).toEqual([1, 1, 2])
  },
)

test(
  'a GPU worker is stopped, and later its machine is gone, in mid-render: what the grace suffices for ends, the rest is drawn anew with its seed',
  LIMIT,
  async () => {
    const { pipeline } = installation
    const stopped = payloadOf({ type: 'video_high', config: { seed: undefined } })
    await submit(stopped)
    await untilRendering(stopped.id)
    const drawn = ({ id }: { id: string }) => rendersOn(machine('card-1'), id)
    const short = payloadOf({ type: 'image_fast' })
    await submit(short)
    await expect.poll(async () => (await drawn(short)).begun, { timeout: 30_000, interval: 20 }).toBe(1)
    expect((await drawn(short)).finished).toBe(false)
    await gpu.stop(20_000)
    expect(await gpu.ended).toMatchObject({ exitCode: 0 })
    expect(await Promise.all([short, stopped].map(drawn))).toEqual([
      { begun: 1, finished: true },
      { begun: 1, finished: false },
    ])
    gpu = await installation.startGpu('card-1', machine('card-1'))
    for (const { id } of [short, stopped])
      expect(await pipeline.result(id)).toMatchObject({ receipt: { host: 'card-1' } })
    expect((await Promise.all([short, stopped].map(drawn))).map(({ begun }) => begun)).toEqual([1, 2])

    const orphaned = video()
    await submit(orphaned)
    await untilRendering(orphaned.id)
    process.kill(-gpu.pid, 'SIGKILL')
    await rm(machine('card-1'), { recursive: true })
    gpu = await installation.startGpu('card-2', machine('card-2'))
    expect(await pipeline.result(orphaned.id)).toMatchObject({ receipt: { host: 'card-2' } })

    for (const { id } of [stopped, orphaned]) {
      const { seed } = await pipeline.result(id)
      const told = installation.receiver.log.deliveries.filter(each => each.jobId === id)
      expect(told.map(({ body }) => JSON.parse(body).metadata.seed)).toEqual([seed, seed])
      expect(installation.endOf(id)).toEqual(completedOnce)
    }
  },
)

test(
  'backup and restore: on an empty machine the jobs of the backup go on, and end as they have already ended',
  LIMIT,
  async () => {
    const { pipeline } = installation
    const kept = payloadOf()
    await submit(kept)
    const before = await pipeline.result(kept.id)
    const underWay = video()
    await submit(underWay)
    await untilRendering(underWay.id)
    const copy = join(folder, 'restored.db')
    await backUp(database(), copy)

    // What comes after the backup is lost with the machine; the store and the app have it.
    const { bucket, assets, seed } = await pipeline.result(underWay.id)
    const later = payloadOf()
    await submit(later)
    await pipeline.result(later.id)
    const drawn = () => hashOf(`${bucket}/${assets[0]?.path}`)
    const firstDrawn = drawn()
    const ends = [underWay.id, later.id].map(installation.endOf)

    await installation.powerLoss()
    await startAll(copy, 'card-3')

    expect(await pipeline.result(kept.id)).toEqual(before)
    expect(await pipeline.result(underWay.id)).toMatchObject({ seed, receipt: { host: 'card-3' } })
    expect(drawn()).toBe(firstDrawn)
    await expect(pipeline.get(later.id)).rejects.toThrow(JobNotFoundError)
    await submit(later)
    await pipeline.result(later.id)
    expect([underWay.id, later.id].map(installation.endOf)).toEqual(ends)
  },
)

function hashOf(object: string): string {
  const bytes = installation.storage().objects.get(object)?.bytes
  if (bytes === undefined) throw new Error(`${object} is not there`)
  return createHash('sha256').update(bytes).digest('hex')
}

/** As `sqlite3 temporal.db ".backup copy.db"` does, while the server writes. */
async function backUp(file: string, copy: string): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true })
  await backup(source, copy)
  source.close()
}
