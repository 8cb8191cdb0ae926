import { randomUUID } from 'node:crypto'
import type { Client } from '@temporalio/client'
import { expect, onTestFinished, test } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { openTestStack } from '../stack.ts'
import { payloadOf } from './payloads.ts'

/** When a job's render began, by the server's clock. */
async function renderBeganAt(temporal: Client, jobId: string): Promise<number> {
  const { events } = await temporal.workflow.getHandle(workflowIds.job(jobId)).fetchHistory()
  const scheduled = events?.find(
    event => event.activityTaskScheduledEventAttributes?.activityType?.name === 'generate',
  )
  const started = events?.find(event =>
    event.activityTaskStartedEventAttributes?.scheduledEventId?.equals(scheduled?.eventId ?? -1),
  )
  return Number(started?.eventTime?.seconds) * 1000 + Number(started?.eventTime?.nanos) / 1e6
}

test('while both wait, a user of long jobs and a user of short ones get the same seconds of the card', {
  timeout: 120_000,
}, async () => {
  const stack = await openTestStack()
  onTestFinished(() => stack.stop())
  await stack.startControl()
  const long = { userId: randomUUID(), images: 6, jobs: 6, seconds: 6 }
  const short = { userId: randomUUID(), images: 1, jobs: 30, seconds: 1 }
  const jobs = [long, short].flatMap(({ userId, images, jobs: count, seconds }) =>
    Array.from({ length: count }, () => {
      const payload = payloadOf({ userId, config: { num_images: images } })
      return { id: payload.id, userId, seconds, payload }
    }),
  )
  // The long jobs come first, and no card is there yet: what follows is the order of a backlog.
  for (const { payload } of jobs) await stack.pipeline.submit(payload)
  await expect
    .poll(
      async () => (await backlog(stack.temporal, `${stack.config.temporal.queuePrefix}.sdxl`)) >= jobs.length,
      {
        timeout: 30_000,
        interval: 500,
      },
    )
    .toBe(true)
  await stack.startGpu()
  await Promise.all(jobs.map(({ id }) => stack.pipeline.result(id)))

  const order = await Promise.all(
    jobs.map(async job => ({ ...job, at: await renderBeganAt(stack.temporal, job.id) })),
  )
  order.sort((a, b) => a.at - b.at)
  const lastOf = (user: { userId: string }) => order.findLastIndex(({ userId }) => userId === user.userId)
  const contested = order.slice(0, Math.min(lastOf(long), lastOf(short)) + 1)
  const secondsOf = (user: { userId: string }) =>
    contested.filter(({ userId }) => userId === user.userId).reduce((sum, { seconds }) => sum + seconds, 0)
  expect(secondsOf(short)).toBeGreaterThan(15)
  // A turn of the long user is six of the other's, so the two are never closer than that.
  expect(Math.abs(secondsOf(long) - secondsOf(short))).toBeLessThanOrEqual(12)
})

/** Tasks that wait in a queue, by the server's own count. */
async function backlog(temporal: Client, taskQueue: string): Promise<number> {
  const answer = await temporal.workflowService.describeTaskQueue({
    namespace: temporal.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 2,
    reportStats: true,
  })
  return Number(answer.stats?.approximateBacklogCount ?? 0)
}
