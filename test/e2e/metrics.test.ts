import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { payloadOf } from '../workflows/payloads.ts'
import { type DevProcess, startDevProcess } from './devProcess.ts'
import { lastLines } from './records.ts'

const LIMIT_MS = 120_000
const DOCS = new URL('../../docs/', import.meta.url)

/** Metrics that the docs name, each as a query: with what they say of its labels. */
const named = readdirSync(DOCS)
  .filter(name => name.endsWith('.md'))
  .flatMap(name => [
    ...readFileSync(new URL(name, DOCS), 'utf8').matchAll(/`((?:ourvidz|temporal)_\w+)(?:\{(.*?)\})?`/g),
  ])
  .map(([query, metric = '', labels = '']): [string, string, string] => [query, metric, labels])

let dev: DevProcess
/** Of both workers' pages. */
let lines: string[]

beforeAll(async () => {
  // So little that the models of two jobs are not on the card together.
  dev = await startDevProcess({ CARD_MEMORY_MIB: '24564' })
  const submit = (payload: object) =>
    dev.ourvidz(['submit', '-', '--wait', '--json'], { stdin: JSON.stringify(payload) })
  const poison = payloadOf({ metadata: { simulate: 'kill' } })
  const ended = submit(poison)
  const rejecting = async () =>
    expect(await dev.ourvidz(['quarantine', 'reject', poison.id])).toMatchObject({ exitCode: 0 })
  await vi.waitFor(rejecting, { timeout: 60_000, interval: 500 })
  expect(lastLines((await ended).stdout).get(poison.id)).toMatchObject({ status: 'failed' })
  for (const type of ['image7b_fast_enhanced', 'sdxl_image_fast'] as const) {
    expect(await submit(payloadOf({ type }))).toMatchObject({ exitCode: 0 })
  }
  const addresses: unknown = JSON.parse(await readFile(join(dev.dataDir, 'dev.json'), 'utf8'))
  const ports = z.object({ controlHealthPort: z.number(), gpuHealthPort: z.number() }).parse(addresses)
  const pages = Object.values(ports).map(async port =>
    (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
  )
  lines = (await Promise.all(pages)).join('\n').split('\n')
}, LIMIT_MS)

afterAll(() => dev?.stop())

test('the docs name metrics', () => {
  expect(named.length).toBeGreaterThan(8)
})

test.each(named)('%s of the docs is served', (_, metric, labels) => {
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^# TYPE ${metric} `)))
  for (const [, label = '', is = '', value = ''] of labels.matchAll(/(\w+)(!?=)"(.*?)"/g)) {
    const told = is === '=' ? `${label}="${value}"` : `${label}="`
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${metric}\\{(.*,)?${told}`)))
  }
})
