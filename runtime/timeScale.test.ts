import { expect, test } from 'vitest'
import { scaledMs, scaleOf } from '../workflows/timeScale.ts'
import { ConfigError, parseConfig } from './config.ts'

test('one factor scales every duration, and none by default', () => {
  const usual = parseConfig({})
  const quick = parseConfig({ TIME_SCALE: '0.1' })
  for (const read of [
    (config: typeof usual) => config.hostLostMs,
    (config: typeof usual) => config.callback.timeoutMs,
    (config: typeof usual) => config.callback.retryMs,
    (config: typeof usual) => config.store.uploadTimeoutMs,
    (config: typeof usual) => config.engine.silenceMs,
    (config: typeof usual) => config.shutdownGraceMs,
    (config: typeof usual) => config.reconcileMs,
    (config: typeof usual) => config.renders.ttlMs,
  ]) {
    expect(read(quick)).toBe(read(usual) / 10)
  }
  expect([scaledMs(usual, 400_000), scaledMs(quick, 400_000)]).toEqual([400_000, 40_000])
  expect([scaleOf(usual), scaleOf(quick)]).toEqual([{}, { timeScale: 0.1 }])
})

test('where there is no factor nothing is scaled', () => {
  expect(scaledMs({}, 5000)).toBe(5000)
})

test('production refuses it', () => {
  const production = { NODE_ENV: 'production', STORE_SIGNING_KEY: 'a key of sixteen or more' }
  expect(() => parseConfig({ ...production, TIME_SCALE: '0.1' })).toThrow(ConfigError)
  expect(() => parseConfig(production)).not.toThrow()
})
