import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Context } from '@temporalio/activity'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { findTemporalBinary } from '../../dev/temporalBinary.ts'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { SEARCH_ATTRIBUTES } from '../../jobs/searchAttributes.ts'
import { WORKFLOW_TYPES } from '../../jobs/temporalNames.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { attributeKeys } from '../../workflows/attributeKeys.ts'
import type { Act, ImitatedActivities } from './workflows.ts'

/** A payload that the imitated workflow acts upon. */
export function payloadFor(act: Act, more: Record<string, unknown> = {}) {
  return {
    id: randomUUID(),
    user_id: randomUUID(),
    type: 'sdxl_image_fast',
    prompt: 'a lighthouse at dusk',
    config: { num_images: 1 },
    metadata: { act, ...more },
  }
}

export interface Harness {
  env: TestWorkflowEnvironment
  queuePrefix: string
  /** Starts the workers of one installation; resolves once they poll. */
  stop(): Promise<void>
}

/** A delivery under way of a job that the namespace has forgotten. Gives the job's id. */
export async function startForgotten({ env, queuePrefix }: Harness, userId: string): Promise<string> {
  const jobId = randomUUID()
  const body = { job_id: jobId, status: 'failed', metadata: {} }
  await env.client.workflow.start(WORKFLOW_TYPES.deliverCallback, {
    workflowId: workflowIds.callback(jobId),
    taskQueue: queuesWithPrefix(queuePrefix).jobs,
    args: [{ event: { id: `${jobId}-2`, kind: 'terminal', sequence: 2, body } }],
    typedSearchAttributes: [{ key: attributeKeys.userId, value: userId }],
  })
  return jobId
}

const activities: ImitatedActivities = {
  async sendCallback() {},
  async generate({ beats }) {
    for (const beat of beats) {
      Context.current().heartbeat(beat)
      await Context.current().sleep(1500)
    }
  },
}

/** A Temporal dev server of its own with the imitated workflows, under a queue prefix. */
export async function startHarness({ dbFilename }: { dbFilename?: string } = {}): Promise<Harness> {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const [env, workflowBundle] = await Promise.all([
    TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: await findTemporalBinary() },
        log: { format: 'pretty', level: 'error' },
        searchAttributes: Object.values(SEARCH_ATTRIBUTES).map(name =>
          defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
        ),
        ...(dbFilename === undefined ? {} : { dbFilename }),
      },
    }),
    bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
  ])
  const queuePrefix = 'imitation'
  const queues = queuesWithPrefix(queuePrefix)
  const connection = env.nativeConnection
  const stopping = new AbortController()
  const workers = await Promise.all([
    Worker.create({ connection, taskQueue: queues.jobs, workflowBundle, activities }),
    Worker.create({
      connection,
      taskQueue: queues.lane('sdxl'),
      activities,
      maxHeartbeatThrottleInterval: '200ms',
    }),
  ])
  const stopped = new Promise<void>(resolve => stopping.signal.addEventListener('abort', () => resolve()))
  const runs = workers.map(worker => worker.runUntil(stopped))
  return {
    env,
    queuePrefix,
    async stop() {
      stopping.abort()
      await Promise.all(runs)
      await env.teardown()
    },
  }
}
