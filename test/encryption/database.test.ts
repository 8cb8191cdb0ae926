import { join } from 'node:path'
import { ActivityFailure, ApplicationFailure } from '@temporalio/common'
import { expect, onTestFinished, test } from 'vitest'
import { startTemporalServer } from '../../dev/temporalServer.ts'
import { makeEncryptionKey } from '../../runtime/encryptionKeys.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { databaseBytes, findTexts } from './databaseBytes.ts'
import {
  CALLBACK_SECRET,
  CALLBACK_TOKEN,
  NEGATIVE,
  NOTE,
  openObservedPipeline,
  PROMPT,
  runToEveryEnding,
} from './everyEnding.ts'
import { leakEverywhere } from './leaky.ts'

const KEYS = [makeEncryptionKey('2026a'), makeEncryptionKey('2025z')]
const LEAKED = 'jkxsecret of a failurevexed'

const ENDINGS = {
  completed: 'completed',
  enhanced: 'completed',
  crashedOnce: 'completed',
  rejected: 'failed: engine_rejected',
  truncatedOnce: 'completed',
  refused: 'failed: policy_refused',
  invalid: 'failed: invalid_job',
  invalidType: 'failed: invalid_job',
  undelivered: 'completed',
  undeliveredFailure: 'failed: invalid_job',
  canceled: 'canceled',
  terminated: 'failed',
  quarantined: 'failed: quarantine_rejected',
}

/** All that a server of its own has in its database after jobs have ended in every way, and what the client was told. */
async function runOnFile(env: Record<string, string>) {
  const dbFile = join(await temporaryDirectory(), 'temporal.db')
  const server = await startTemporalServer({ ui: false, dbFile })
  onTestFinished(() => server.stop())
  const observed = await openObservedPipeline({ TEMPORAL_ADDRESS: server.address, ...env })
  const endings = await runToEveryEnding(observed)
  const { config, temporal } = observed.pipeline
  const failure = await leakEverywhere(config, temporal, LEAKED)
  return { endings, failure, bytes: await databaseBytes(dbFile) }
}

const secrets = {
  prompt: PROMPT,
  'negative prompt': NEGATIVE,
  'note of an operator': NOTE,
  failure: LEAKED,
  'stack of an activity': 'at leak (',
  'stack of a workflow': 'leakyWorkflows.ts',
  'stack of ours': 'failureInterceptor.ts',
  'callback secret': CALLBACK_SECRET,
  'callback token': CALLBACK_TOKEN,
  ...Object.fromEntries(KEYS.map(key => [`key ${key.slice(0, 5)}`, key.slice(6)])),
}

test("with keys, no prompt, no failure's text, no stack and no secret is in Temporal's database", {
  timeout: 240_000,
}, async () => {
  const { bytes, endings, failure } = await runOnFile({ ENCRYPTION_KEYS: KEYS.join(',') })
  expect(endings).toEqual(ENDINGS)
  expect(findTexts(bytes, secrets)).toEqual([])
  for (const key of KEYS) expect(bytes.includes(Buffer.from(key.slice(6), 'base64'))).toBe(false)
  expect(bytes.includes('binary/encrypted')).toBe(true)

  const { cause } = failure
  expect(cause).toBeInstanceOf(ApplicationFailure)
  expect(cause?.message).toBe(`it failed: ${LEAKED}`)
  expect(cause?.stack).toContain('leakyWorkflow')
  const activity = cause instanceof ApplicationFailure ? cause.cause : undefined
  expect(activity).toBeInstanceOf(ActivityFailure)
  expect(activity?.cause).toMatchObject({
    message: `outer ${LEAKED}`,
    cause: { message: `inner ${LEAKED}` },
  })
})

test('without keys the same search finds them, so it can fail', { timeout: 240_000 }, async () => {
  const { bytes, endings } = await runOnFile({})
  expect(endings).toEqual(ENDINGS)
  const found = findTexts(bytes, secrets)
  for (const name of [
    'prompt',
    'negative prompt',
    'note of an operator',
    'failure',
    'stack of an activity',
    'stack of a workflow',
  ]) {
    expect(found).toContain(`${name} as it is`)
  }
  expect(found).toContain('stack of ours as it is')
  expect(found.filter(name => /callback|key/.test(name))).toEqual([])
})

test('the search knows a text in base64, wherever it begins, in hex and in UTF-16', () => {
  const lost = { prompt: PROMPT }
  for (const before of ['', 'x', 'xy', 'xyz']) {
    const base64 = Buffer.from(`${before}${PROMPT} and more`).toString('base64')
    expect(findTexts(Buffer.from(base64), lost)).toEqual([
      `prompt in base64, shifted by ${before.length % 3}`,
    ])
  }
  expect(findTexts(Buffer.from(Buffer.from(PROMPT).toString('hex')), lost)).toEqual(['prompt in hex'])
  expect(findTexts(Buffer.from(PROMPT, 'utf16le'), lost)).toEqual(['prompt in UTF-16'])
})
