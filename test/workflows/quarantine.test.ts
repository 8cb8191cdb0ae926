import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { isStuck } from '../../activities/stuckJobs.ts'
import { createSweepJobs } from '../../activities/sweepJobs.ts'
import { runCli } from '../../client/cli/runCli.ts'
import { NotQuarantinedError } from '../../client/index.ts'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { runActivity } from '../runActivity.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { grantedIn, livesWith, readDrawn } from './drawn.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline, type Pipeline, type PipelineOptions } from './pipeline.ts'
import { untilSwept } from './untilSwept.ts'

/** A pipeline whose GPU worker's words are kept: what died, and what was tried alone. */
async function open(options: PipelineOptions = {}) {
  const lines: string[] = []
  const pipeline = await openPipeline({
    ...options,
    env: { LOG_LEVEL: 'warn', ...options.env },
    log: { stream: { write: line => lines.push(line) } },
  })
  const said = (words: string) => lines.filter(line => line.includes(words)).map(line => JSON.parse(line))
  return Object.assign(pipeline, {
    deaths: () => said('the inference program died of a render').length,
    alone: () => said('a render is tried alone'),
  })
}

const poisonOf = (simulate = 'kill') => payloadOf({ metadata: { simulate } })

async function untilQuarantined({ pipeline }: Pick<Pipeline, 'pipeline'>, jobId: string): Promise<void> {
  await expect
    .poll(async () => (await pipeline.get(jobId)).status, { timeout: 40_000, interval: 200 })
    .toBe('quarantined')
}

const terminalOf = ({ heard }: Pipeline, jobId: string) =>
  heard(jobId).filter(({ status }) => status !== 'processing')

describe('a job that kills its program', () => {
  test('is set aside after three deaths, the last one alone, and the jobs behind it go on', async () => {
    const stack = await open({ gpu: false })
    const { pipeline, run, deaths, alone } = stack
    const PREVIEW_LOG = join(await temporaryDirectory(), 'drawn.jsonl')
    const { card } = await stack.startGpu({ PREVIEW_LOG, PREVIEW_SPEED: '0.02' })
    const poison = payloadOf({ type: 'image_high', metadata: { simulate: 'kill' } })
    const [image, video] = [payloadOf(), payloadOf({ type: 'video_fast' })]
    const behind = [image, video]
    // An image cuts into the others; this one wants the card as soon as the third try has it.
    card.program.setLaneMode('sdxl', 'paused')
    for (const payload of [poison, ...behind]) await pipeline.submit(payload)
    const tries = async () => livesWith(await readDrawn(PREVIEW_LOG), poison.id)
    await expect.poll(async () => (await tries()).length, { timeout: 20_000, interval: 5 }).toBe(3)
    card.program.setLaneMode('sdxl', 'open')
    expect(deaths()).toBe(2)
    await untilQuarantined(stack, poison.id)
    expect((await tries()).map(grantedIn).at(-1)).toEqual([poison.id])
    expect([deaths(), alone().map(({ jobId, kills }) => ({ jobId, kills }))]).toEqual([
      3,
      [{ jobId: poison.id, kills: 2 }],
    ])
    for (const { id } of behind) expect(await ending(stack, id)).toMatchObject({ status: 'completed' })
    expect(await run(payloadOf())).toMatchObject({ status: 'completed' })

    expect(await pipeline.get(poison.id)).toMatchObject({
      phase: 'quarantined',
      failure: null,
      outcome: null,
    })
    await expect
      .poll(async () => (await pipeline.quarantine.list()).map(({ jobId }) => jobId))
      .toEqual([poison.id])
    expect(await pipeline.list({ status: 'processing' })).toEqual([])
    const { since, until, why, decisions } = await pipeline.quarantine.show(poison.id)
    expect(Date.parse(until ?? '') - Date.parse(since ?? '')).toBe(72 * 3_600_000)
    expect([why, decisions]).toEqual([expect.stringContaining('signal SIGKILL'), []])
    expect(why).not.toContain(poison.prompt)
    expect(terminalOf(stack, poison.id)).toEqual([])
    expect(deaths()).toBe(3)
  })

  test('twice only is rendered the third time, with less memory', async () => {
    const stack = await open()
    const outcome = await stack.run(poisonOf('kill:twice'))
    expect(outcome).toMatchObject({ status: 'completed' })
    expect([stack.deaths(), stack.alone().length]).toEqual([2, 1])
    const plain = await stack.run(payloadOf())
    const [careful, usual] = await Promise.all(
      [outcome, plain].map(({ bucket, assets }) =>
        readFile(join(stack.config.store.directory, bucket ?? '', assets[0]?.path ?? '')),
      ),
    )
    // The preview engine writes the mode into the picture; nothing else of the two jobs differs.
    expect(careful?.equals(usual ?? Buffer.alloc(0))).toBe(false)
  })

  test('on one host and then on another is counted once for both', { timeout: 90_000 }, async () => {
    const stack = await open({ gpu: false })
    const first = await stack.startGpu({ HOST_ID: 'one' })
    const poison = poisonOf()
    await stack.pipeline.submit(poison)
    await expect.poll(stack.deaths, { timeout: 20_000, interval: 20 }).toBe(1)
    await first.stop()
    await stack.startGpu({ HOST_ID: 'two', DATA_DIR: join(stack.config.dataDir, 'two') })
    await untilQuarantined(stack, poison.id)
    expect([stack.deaths(), stack.alone().length]).toEqual([3, 1])
  })
})

describe('an operator', () => {
  test('releases a job, which is counted anew, and rejects it the next time: one failed callback', async () => {
    const stack = await open()
    const { pipeline, deaths, alone } = stack
    const { release, reject } = pipeline.quarantine
    const poison = poisonOf()
    await expect(release(poison.id)).rejects.toMatchObject({ code: 'job_not_found' })
    await pipeline.submit(poison)
    await expect(release(poison.id)).rejects.toThrow(NotQuarantinedError)
    await untilQuarantined(stack, poison.id)
    // Five deaths with nothing finished in between would put the program out of service for a while.
    await stack.run(payloadOf())
    const released = await Promise.all([
      release(poison.id, { note: 'driver mended' }),
      release(poison.id, { note: 'driver mended' }),
    ])
    expect(released.map(({ changed }) => changed).sort()).toEqual([false, true])
    await expect.poll(deaths, { timeout: 20_000 }).toBe(4)
    await untilQuarantined(stack, poison.id)
    expect([deaths(), alone().length]).toEqual([6, 2])
    expect((await pipeline.quarantine.show(poison.id)).decisions).toMatchObject([
      { decision: 'released', note: 'driver mended', lowMemory: false },
    ])
    await expect(reject(poison.id, { note: 'x'.repeat(501) })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
    expect(await reject(poison.id, { note: 'anna: hopeless' })).toEqual({ jobId: poison.id, changed: true })
    expect(await ending(stack, poison.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'quarantine_rejected', detail: expect.stringContaining('anna: hopeless') },
    })
    expect(await reject(poison.id)).toEqual({ jobId: poison.id, changed: false })
    await expect(release(poison.id)).rejects.toThrow(NotQuarantinedError)
    expect(terminalOf(stack, poison.id)).toMatchObject([
      { status: 'failed', metadata: { error_type: 'quarantine_rejected' } },
    ])
    expect(JSON.stringify(terminalOf(stack, poison.id))).not.toContain('hopeless')
  })

  test('releases a job that stays alone, and it completes; a restart in between changes nothing', async () => {
    const stack = await open({ control: false })
    const control = await stack.startControl()
    const poison = poisonOf('kill:thrice')
    await stack.pipeline.submit(poison)
    await untilQuarantined(stack, poison.id)
    await control.stop()
    await stack.startControl()
    await untilQuarantined(stack, poison.id)
    await stack.pipeline.quarantine.release(poison.id, { lowMemory: true })
    expect(await ending(stack, poison.id)).toMatchObject({ status: 'completed' })
    expect(stack.alone().map(({ kills }) => kills)).toEqual([2, 0])
    expect(terminalOf(stack, poison.id)).toMatchObject([{ status: 'completed' }])
  })

  test('does all of it from the command line', async () => {
    const stack = await open()
    const poison = poisonOf()
    const { temporal, dataDir } = stack.config
    const env = {
      TEMPORAL_ADDRESS: temporal.address,
      TASK_QUEUE_PREFIX: temporal.queuePrefix,
      DATA_DIR: dataDir,
    }
    async function ourvidz(...args: string[]) {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()]
      const interrupted = new AbortController().signal
      const terminal = { stdin: Readable.from(['']), stdout, stderr, interrupted, readEnv: () => env }
      const exitCode = await runCli(['quarantine', ...args], terminal)
      return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
    }

    expect(await ourvidz('list')).toEqual({ exitCode: 0, stdout: 'No jobs.\n', stderr: '' })
    expect(await ourvidz('show', poison.id)).toMatchObject({ exitCode: 4 })
    await stack.pipeline.submit(poison)
    await untilQuarantined(stack, poison.id)
    await expect.poll(async () => (await ourvidz('list')).stdout).toMatch(`${poison.id}  quarantined`)
    const listed = await ourvidz('list', '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject({ jobId: poison.id, status: 'quarantined' })
    await stack.run(payloadOf())
    expect((await ourvidz('show', poison.id)).stdout).toMatch(/quarantined +since .*, until .*\n\n.*3 times/)
    expect(await ourvidz('release', poison.id, '--note', 'bo: once more', '--json')).toEqual({
      exitCode: 0,
      stdout: `${JSON.stringify({ jobId: poison.id, changed: true })}\n`,
      stderr: '',
    })
    await expect.poll(stack.deaths, { timeout: 20_000 }).toBe(4)
    await untilQuarantined(stack, poison.id)
    expect((await ourvidz('show', poison.id)).stdout).toMatch(/released +\S+: bo: once more/)
    expect(await ourvidz('reject', poison.id)).toMatchObject({
      exitCode: 0,
      stdout: `${poison.id} rejected\n`,
    })
    await ending(stack, poison.id)
    expect(await ourvidz('release', poison.id)).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: `Job ${poison.id} is not in quarantine.\n`,
    })
  })
})

describe('a job in quarantine', () => {
  test('fails when nobody decides, with one callback', async () => {
    const stack = await open({ env: { QUARANTINE_HOURS: String(2 / 3600) } })
    const poison = poisonOf()
    expect(await stack.run(poison)).toMatchObject({
      status: 'failed',
      failure: { code: 'quarantine_expired', detail: expect.stringContaining('3 times') },
    })
    expect(terminalOf(stack, poison.id)).toMatchObject([
      { status: 'failed', metadata: { error_type: 'quarantine_expired' } },
    ])
  })

  test('is cancelled like any other', async () => {
    const stack = await open()
    const poison = poisonOf()
    await stack.pipeline.submit(poison)
    await untilQuarantined(stack, poison.id)
    await stack.pipeline.cancel(poison.id)
    expect(await ending(stack, poison.id)).toMatchObject({ status: 'canceled' })
    expect(terminalOf(stack, poison.id)).toMatchObject([
      { status: 'failed', metadata: { error_type: 'canceled' } },
    ])
  })

  test('that is terminated by hand gets its one callback', { timeout: 150_000 }, async () => {
    const stack = await open({ env: { RECONCILE_SECONDS: '1' } })
    const poison = poisonOf()
    await stack.pipeline.submit(poison)
    await untilQuarantined(stack, poison.id)
    // What the index does not show yet, no sweep can see.
    await expect.poll(async () => (await stack.pipeline.quarantine.list()).length).toBe(1)
    await stack.temporal.workflow.getHandle(workflowIds.job(poison.id)).terminate('by hand')
    await untilSwept(stack, () => terminalOf(stack, poison.id).length > 0)
    await sleep(2500)
    expect(terminalOf(stack, poison.id)).toMatchObject([{ metadata: { error_type: 'terminated' } }])
    expect(await ending(stack, poison.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'terminated' },
    })
  })

  test('is not stuck however old it is, nor is it soon after its release; after its own time it is', {
    timeout: 120_000,
  }, async () => {
    // Six hours become 15 seconds.
    const deadlineFactor = 15 / 21_600
    const stack = await open({
      env: { DEADLINE_FACTOR: String(deadlineFactor), RECONCILE_SECONDS: '3600' },
    })
    const { pipeline, temporal, config } = stack
    const sweep = async (quarantineMs: number) => {
      const sweepJobs = createSweepJobs({
        client: temporal,
        jobsQueue: queuesWithPrefix(config.temporal.queuePrefix).jobs,
        callbacks: true,
        callbackAttemptMs: 1000,
        deadlineFactor,
        quarantineMs,
        stuckGraceMs: 500,
        outputBuckets: [],
      })
      return (await runActivity(sweepJobs, { last: null })).swept
    }
    const poison = poisonOf()
    await pipeline.submit(poison)
    await untilQuarantined(stack, poison.id)
    await stack.run(payloadOf())
    const { createdAt } = await pipeline.get(poison.id)
    await sleep(createdAt.getTime() + 16_000 - Date.now())
    expect(await sweep(3_600_000)).toEqual([])
    await pipeline.quarantine.release(poison.id)
    await expect.poll(async () => (await pipeline.list({ status: 'processing' })).length).toBe(1)
    expect(await sweep(3_600_000)).toEqual([])
    await expect.poll(stack.deaths, { timeout: 20_000 }).toBe(4)
    await untilQuarantined(stack, poison.id)
    expect(await sweep(15_000)).toEqual([])
    // Its own time counts, whatever is configured by now.
    const job = await temporal.workflow.getHandle(workflowIds.job(poison.id)).describe()
    const limits = { client: temporal, deadlineFactor, quarantineMs: 500, stuckGraceMs: 500 }
    const stuckAfter = (hours: number) => isStuck(job, limits, Date.now() + hours * 3_600_000)
    expect([await stuckAfter(0.1), await stuckAfter(71.9), await stuckAfter(72.1)]).toEqual([
      false,
      false,
      true,
    ])
  })
})
