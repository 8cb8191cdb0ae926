import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { queuesWithPrefix } from '../jobs/queues.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { parseClientConfig } from '../runtime/clientConfig.ts'
import { connectPipelineClient } from './connect.ts'
import { type Harness, payloadFor, startForgotten, startHarness } from './imitation/harness.ts'
import type { JobView } from './jobView.ts'
import { parseFilter } from './listQuery.ts'
import { listUndelivered } from './listUndelivered.ts'
import { createPipelineClient, type PipelineClient } from './pipelineClient.ts'
import { createPollers } from './pollers.ts'
import { createSearch } from './search.ts'

let harness: Harness
let pipeline: PipelineClient

beforeAll(async () => {
  harness = await startHarness()
  pipeline = createPipelineClient({ client: harness.env.client, queuePrefix: harness.queuePrefix })
}, 60_000)

afterAll(() => harness?.stop())

const job = (id: string) => harness.env.client.workflow.getHandle(workflowIds.job(id))
const delivery = (id: string) => harness.env.client.workflow.getHandle(workflowIds.callback(id))

async function views(id: string): Promise<JobView[]> {
  const seen: JobView[] = []
  for await (const view of pipeline.watch(id)) seen.push(view)
  return seen
}

describe('submit', () => {
  it('starts the workflow with what the Web UI shows and what fairness needs', async () => {
    const payload = payloadFor('complete')
    expect(await pipeline.submit(payload)).toEqual({ jobId: payload.id, created: true, status: 'queued' })
    const { memo, priority, taskQueue, type, staticSummary, typedSearchAttributes } = await job(
      payload.id,
    ).describe()
    expect(type).toBe('generateMediaWorkflow')
    expect(taskQueue).toBe('imitation.jobs')
    expect(memo).toEqual({ userId: payload.user_id, payloadSha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(priority?.fairnessKey).toBe(payload.user_id)
    expect(await staticSummary()).toBe('sdxl_image_fast · no reference')
    const shown = Object.fromEntries(
      typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
    )
    expect(shown).toMatchObject({
      JobType: 'sdxl_image_fast',
      UserId: payload.user_id,
      ReferenceMode: 'none',
    })
  })

  it('finds the same job again, running and ended', async () => {
    const payload = payloadFor('hang')
    await pipeline.submit(payload)
    const reordered = { ...Object.fromEntries(Object.entries(payload).reverse()) }
    expect(await pipeline.submit(reordered)).toMatchObject({ jobId: payload.id, created: false })
    await pipeline.cancel(payload.id)
    await expect(pipeline.result(payload.id)).rejects.toMatchObject({ code: 'job_canceled' })
    expect(await pipeline.submit(payload)).toEqual({ jobId: payload.id, created: false, status: 'canceled' })
  })

  it('makes one job of many simultaneous submissions', async () => {
    const payload = payloadFor('complete')
    const submitted = await Promise.all(Array.from({ length: 10 }, () => pipeline.submit(payload)))
    expect(submitted.filter(({ created }) => created)).toHaveLength(1)
  })

  it('tells nothing of a job with the same id and another user or payload', async () => {
    const payload = payloadFor('complete')
    await pipeline.submit(payload)
    await pipeline.result(payload.id)
    const conflict = { code: 'job_conflict' }
    await expect(pipeline.submit({ ...payload, user_id: randomUUID() })).rejects.toMatchObject(conflict)
    await expect(pipeline.submit({ ...payload, prompt: 'a red bicycle' })).rejects.toMatchObject(conflict)
  })

  it('takes a payload that is wrong otherwise, and shows nothing of it', async () => {
    const { prompt: _, ...payload } = { ...payloadFor('complete'), type: "x' OR 1=1" }
    expect(await pipeline.submit(payload)).toMatchObject({ created: true })
    expect(await (await job(payload.id).describe()).staticSummary()).toBe('unknown type · invalid')
  })
})

describe('get', () => {
  it('tells of a completed job', async () => {
    const payload = payloadFor('complete')
    await pipeline.submit(payload)
    await pipeline.result(payload.id)
    expect(await pipeline.get(payload.id.toUpperCase())).toMatchObject({
      jobId: payload.id,
      status: 'completed',
      type: 'sdxl_image_fast',
      userId: payload.user_id,
      phase: null,
      assets: [{ index: 0, path: 'u/j/0.png' }],
      outcome: { seed: 7 },
      failure: null,
      callback: 'delivered',
      closedAt: expect.any(Date),
    })
  })

  it('tells of a job that was terminated by hand', async () => {
    const payload = payloadFor('hang')
    await pipeline.submit(payload)
    await job(payload.id).terminate('by hand')
    expect(await pipeline.get(payload.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'terminated' },
    })
  })

  it('says when nobody is there to do the work', async () => {
    const payload = payloadFor('render without a worker')
    await pipeline.submit(payload)
    await expect
      .poll(() => pipeline.get(payload.id), { timeout: 15_000, interval: 500 })
      .toMatchObject({
        status: 'processing',
        phase: 'waiting for the card',
        waitingReason: expect.stringContaining('imitation.wan.video'),
      })
    await pipeline.cancel(payload.id)
  })

  it('knows no job that there is not', async () => {
    await expect(pipeline.get(randomUUID())).rejects.toMatchObject({ code: 'job_not_found' })
    await expect(pipeline.get('../etc')).rejects.toMatchObject({ code: 'invalid_argument' })
  })
})

describe('watch', () => {
  it('yields phases and steps, and the terminal view last', async () => {
    const beats = [1, 2].map(step => ({ phase: 'rendering', step, total: 2, held: true }))
    const payload = payloadFor('render', { beats })
    await pipeline.submit(payload)
    const seen = await views(payload.id)
    expect(seen.map(({ phase, step, total }) => [phase, step, total])).toContainEqual(['rendering', 1, 2])
    expect(seen.find(({ phase }) => phase === 'rendering')?.startedAt).toBeInstanceOf(Date)
    expect(seen.filter(({ outcome }) => outcome !== null)).toEqual([seen.at(-1)])
    expect(seen.at(-1)).toMatchObject({ status: 'completed', phase: null })
  })

  it('ends at once when the job does, however long the interval', async () => {
    const payload = payloadFor('hang')
    await pipeline.submit(payload)
    const watching = pipeline.watch(payload.id, { intervalMs: 600_000 })
    await watching.next()
    const terminal = watching.next()
    await pipeline.cancel(payload.id)
    expect((await terminal).value).toMatchObject({ status: 'canceled' })
    expect((await watching.next()).done).toBe(true)
  })

  it('leaves with the signal and with its consumer', async () => {
    const payload = payloadFor('hang')
    await pipeline.submit(payload)
    const signal = AbortSignal.timeout(300)
    const watched = (async () => {
      for await (const _ of pipeline.watch(payload.id, { signal }));
    })()
    await expect(watched).rejects.toMatchObject({ name: 'TimeoutError' })
    for await (const _ of pipeline.watch(payload.id)) break
    await pipeline.cancel(payload.id)
  })

  it('throws for a job that there is not', async () => {
    await expect(views(randomUUID())).rejects.toMatchObject({ code: 'job_not_found' })
  })
})

describe('result', () => {
  it('throws what a person may be told when the job failed', async () => {
    const payload = payloadFor('fail')
    await pipeline.submit(payload)
    await expect(pipeline.result(payload.id)).rejects.toMatchObject({
      code: 'job_failed',
      failureCode: 'out_of_memory',
      userMessage: 'The GPU ran out of memory.',
      outcome: { status: 'failed', failure: { detail: 'no room' } },
    })
  })

  it('throws for a job that there is not, and when it is no longer wanted', async () => {
    await expect(pipeline.result(randomUUID())).rejects.toMatchObject({ code: 'job_not_found' })
    const payload = payloadFor('hang')
    await pipeline.submit(payload)
    const signal = AbortSignal.timeout(300)
    await expect(pipeline.result(payload.id, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
    await pipeline.cancel(payload.id)
  })
})

describe('close', () => {
  /** Waits until the server holds the polls of both, and gives what they end with. */
  async function waitersFor(waited: PipelineClient, id: string): Promise<Promise<unknown>[]> {
    const watching = waited.watch(id, { intervalMs: 600_000 })
    await watching.next()
    const waiters = [waited.result(id), watching.next()].map(waiter =>
      waiter.catch((error: unknown) => error),
    )
    await sleep(500)
    return waiters
  }

  it('ends at once what waits for a job, and what would', async () => {
    const { env, queuePrefix } = harness
    const config = { TEMPORAL_ADDRESS: env.address, TASK_QUEUE_PREFIX: queuePrefix }
    const connected = await connectPipelineClient(parseClientConfig(config))
    const payload = payloadFor('hang')
    await connected.submit(payload)
    const waiters = await waitersFor(connected, payload.id)
    const closedMs = Date.now()
    await connected.close()
    const closed = { code: 'client_closed' }
    expect(await Promise.all(waiters)).toMatchObject([closed, closed])
    expect(Date.now() - closedMs).toBeLessThan(1000)
    await expect(connected.result(payload.id)).rejects.toMatchObject(closed)
    await expect(connected.watch(payload.id).next()).rejects.toMatchObject(closed)
    await pipeline.cancel(payload.id)
  })

  it('does so for the owner of a connection who says that it closes, and leaves the connection alone', async () => {
    const { env, queuePrefix } = harness
    const closing = new AbortController()
    const owned = createPipelineClient({ client: env.client, queuePrefix, closing: closing.signal })
    const payload = payloadFor('hang')
    await owned.submit(payload)
    const waiters = await waitersFor(owned, payload.id)
    const leaving = new AbortController()
    const left = owned.result(payload.id, { signal: leaving.signal })
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    closing.abort(new Error('shutting down'))
    for (const waiter of waiters) expect(await waiter).toMatchObject({ message: 'shutting down' })
    expect(await owned.cancel(payload.id)).toMatchObject({ wasRunning: true })
  })
})

describe('cancel', () => {
  it('tells whether there was anything to stop, and keeps the reason', async () => {
    const payload = payloadFor('hang')
    await pipeline.submit(payload)
    expect(await pipeline.cancel(payload.id, 'changed my mind')).toMatchObject({ wasRunning: true })
    await pipeline.cancel(payload.id)
    await pipeline.result(payload.id).catch(() => {})
    expect(await pipeline.cancel(payload.id)).toEqual({
      jobId: payload.id,
      wasRunning: false,
      status: 'canceled',
    })
    const { events } = await job(payload.id).fetchHistory()
    const causes = events?.map(event => event.workflowExecutionCancelRequestedEventAttributes?.cause)
    expect(causes).toContain('changed my mind')
    await expect(pipeline.cancel(randomUUID())).rejects.toMatchObject({ code: 'job_not_found' })
  })
})

describe('list', () => {
  it('finds jobs by status, type and user', async () => {
    const [done, failed] = [payloadFor('complete'), payloadFor('fail')]
    failed.user_id = done.user_id
    for (const payload of [done, failed]) {
      await pipeline.submit(payload)
      await pipeline.result(payload.id).catch(() => {})
    }
    const list = async (filter: object) =>
      (await pipeline.list({ userId: done.user_id, ...filter }))
        .map(({ jobId, status }) => [jobId, status])
        .sort()
    await expect.poll(() => list({}), { timeout: 10_000, interval: 1100 }).toHaveLength(2)
    await expect
      .poll(() => list({ status: 'failed' }), { timeout: 10_000, interval: 1100 })
      .toEqual([[failed.id, 'failed']])
    expect(await list({ status: 'completed', type: 'sdxl_image_fast' })).toEqual([[done.id, 'completed']])
    expect(await list({ type: 'video_fast' })).toEqual([])
    expect(await list({ limit: 1 })).toHaveLength(1)
  })

  it('asks the server once for the same question in a second, and never for a second page', async () => {
    const ask = vi.spyOn(harness.env.client.workflowService, 'listWorkflowExecutions')
    const [one, other] = await Promise.all([pipeline.list({ limit: 3 }), pipeline.list({ limit: 3 })])
    expect(one).toHaveLength(3)
    expect(one).toEqual(other)
    expect(ask).toHaveBeenCalledTimes(1)
    ask.mockRestore()
  })

  it('lets nothing through that is no known word and no UUID', async () => {
    const invalid = { code: 'invalid_argument' }
    for (const filter of [
      { status: "x' OR 1=1" },
      { type: '__proto__' },
      { userId: "' OR ''='" },
      { limit: 0 },
      { limit: 1.5 },
    ]) {
      await expect(pipeline.list(JSON.parse(JSON.stringify(filter)))).rejects.toMatchObject(invalid)
    }
  })
})

describe('redeliver', () => {
  it('delivers the recorded terminal event, hastens a delivery under way, and lists what was given up', async () => {
    const payload = payloadFor('hang undelivered')
    const { id } = payload
    await pipeline.submit(payload)
    await expect(pipeline.redeliver(id)).rejects.toMatchObject({ code: 'job_still_running' })
    await pipeline.cancel(id)
    await pipeline.result(id).catch(() => {})

    expect(await pipeline.redeliver(id)).toEqual({ jobId: id, action: 'started' })
    expect(await pipeline.get(id)).toMatchObject({ status: 'canceled', callback: 'retrying' })
    await delivery(id).signal('giveUp')
    await delivery(id)
      .result()
      .catch(() => {})
    expect(await pipeline.get(id)).toMatchObject({ callback: 'undelivered' })
    const undelivered = async () => (await pipeline.list({ undelivered: true })).map(({ jobId }) => jobId)
    await expect.poll(undelivered, { timeout: 10_000, interval: 1100 }).toEqual([id])

    expect(await pipeline.redeliver(id)).toEqual({ jobId: id, action: 'started' })
    expect(await pipeline.redeliver(id)).toEqual({ jobId: id, action: 'hastened' })
    const event = { id: `${id}-2`, kind: 'terminal', sequence: 2, body: { job_id: id, status: 'failed' } }
    expect(await delivery(id).result()).toMatchObject(event)
    expect(await pipeline.get(id)).toMatchObject({ callback: 'delivered' })
    await expect.poll(undelivered, { timeout: 10_000, interval: 1100 }).toEqual([])
  })

  it('lists what was given up on whichever page of the index, and of jobs that the namespace has forgotten', async () => {
    const { client } = harness.env
    const userId = randomUUID()
    const payloads = Array.from({ length: 3 }, () => ({ ...payloadFor('hang undelivered'), user_id: userId }))
    const giveUp = async (id: string) => {
      await pipeline.redeliver(id)
      await delivery(id).signal('giveUp')
      await delivery(id)
        .result()
        .catch(() => {})
    }
    for (const payload of payloads) {
      await pipeline.submit(payload)
      await pipeline.cancel(payload.id)
      await pipeline.result(payload.id).catch(() => {})
      await giveUp(payload.id)
    }
    const forgotten = await startForgotten(harness, userId)
    await delivery(forgotten).terminate()
    // By itself it fills the first pages.
    for (let times = 0; times < 3; times++) await giveUp(payloads[2]?.id ?? '')
    const context = {
      ...{ client, queues: queuesWithPrefix(harness.queuePrefix), pollers: createPollers(client) },
      outputBuckets: [],
      closing: new AbortController().signal,
    }
    const list = async (limit: number) => {
      const filter = parseFilter({ undelivered: true, userId, limit })
      const found = await listUndelivered(context, filter, createSearch(client, { page: 2 }))
      return found.map(({ jobId, status, callback }) => [jobId, status, callback])
    }
    const [oldest, later, latest] = payloads.map(({ id }) => [id, 'canceled', 'undelivered'])
    const all = [latest, [forgotten, null, 'undelivered'], later, oldest]
    await expect.poll(() => list(50), { timeout: 10_000 }).toEqual(all)
    expect(await list(2)).toEqual(all.slice(0, 2))

    expect(await pipeline.redeliver(forgotten)).toMatchObject({ action: 'started' })
    await pipeline.redeliver(forgotten)
    expect(await delivery(forgotten).result()).toMatchObject({ id: `${forgotten}-2` })
    expect(await list(50)).toEqual([latest, later, oldest])
  })

  it('has nothing for a job that never got to its terminal event, or that there is not', async () => {
    const payload = payloadFor('hang')
    await pipeline.submit(payload)
    await sleep(200)
    await job(payload.id).terminate()
    await expect(pipeline.redeliver(payload.id)).rejects.toMatchObject({ code: 'nothing_to_redeliver' })
    await expect(pipeline.redeliver(randomUUID())).rejects.toMatchObject({ code: 'job_not_found' })
  })
})
