import { mkdir, readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import { describe, expect, inject, test } from 'vitest'
import { quietRuntime } from '../stack.ts'
import { recordDeliveries } from './recordDeliveries.ts'
import { recordHistories } from './recordHistories.ts'
import { recordHosts } from './recordHosts.ts'
import { recordInterruptions } from './recordInterruptions.ts'
import { recordOutages } from './recordOutages.ts'
import { recordSweep } from './recordSweep.ts'
import { recordToldAgain } from './recordToldAgain.ts'

quietRuntime()

const folder = fileURLToPath(new URL('../histories', import.meta.url))
const names = await readdir(folder).catch(() => [])

const replay = (history: unknown, workflowId: string) =>
  Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundlePath') } }, history, workflowId)

const read = (name: string) => readFile(join(folder, name), 'utf8')

/*
 * Histories of jobs that ran with earlier code. One that does not replay any more means that a job which runs during an
 * upgrade would get stuck: use patched() for the change. New ones are recorded with `npm run histories`.
 */
describe('histories of earlier code', () => {
  test.each(names)('are replayed to their end: %s', async name => {
    const workflowId: string = JSON.parse(await read(name)).events[0].workflowExecutionStartedEventAttributes
      .workflowId
    await replay(JSON.parse(await read(name)), workflowId).catch((cause: unknown) => {
      const what = `${name} does not replay: a job that runs during the upgrade would get stuck.`
      throw new Error(`${what} Guard the change with patched(); do not record it anew.`, { cause })
    })
  })

  test('are there, of each ending', () => {
    expect(names.map(name => basename(name, '.json'))).toEqual(
      expect.arrayContaining([
        'assets-removed',
        'card-paused',
        'card-unreachable',
        'delivery-by-reconciler',
        'delivery-given-up',
        'delivery-hastened',
        'delivery-not-before',
        'delivery-only-repeated',
        'delivery-outdated',
        'delivery-refused',
        'delivery-refused-before',
        'delivery-refused-twice',
        'delivery-repeated',
        'delivery-replaced',
        'delivery-replaced-under-way',
        'image-aborted',
        'image-canceled-uploading',
        'image-completed',
        'image-deadline',
        'image-engine-rejected',
        'image-host-silent',
        'image-invalid',
        'image-receiver-down',
        'image-reference-dropped',
        'image-reference-lost',
        'image-render-lost',
        'image-reset',
        'image-staging-away',
        'image-store-away',
        'image-terminated',
        'image-told-twice',
        'image-with-usage',
        'quarantine-rejected',
        'quarantine-released',
        'sweep',
        'video-both-references',
        'video-canceled-rendering',
        'video-enhanced',
        'video-enhancement-failed',
        'video-host-back',
        'video-host-silent',
      ]),
    )
  })

  test('do not replay when the code decides otherwise', async () => {
    const changed = (await read('image-completed.json')).replaceAll('"generate"', '"paint"')
    await expect(replay(JSON.parse(changed), 'job-00000000-0000-4000-8000-000000000000')).rejects.toThrow(
      DeterminismViolationError,
    )
  })
})

describe.runIf(process.env.RECORD_HISTORIES === '1')('record', () => {
  test.each([
    ['jobs of many endings', recordHistories],
    ['jobs that are interrupted', recordInterruptions],
    ['deliveries of all kinds', recordDeliveries],
    ['jobs that tell their end again', recordToldAgain],
    ['jobs that outlive an outage', recordOutages],
    ['jobs whose machine goes away', recordHosts],
    ['a sweep of the reconciler', recordSweep],
  ])('%s', { timeout: 240_000 }, async (_, record) => {
    await mkdir(folder, { recursive: true })
    await record(folder)
  })
})
