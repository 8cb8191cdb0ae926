import { describe, expect, test } from 'vitest'
import { createRespawnPolicy, RESPAWN_LIMITS } from './respawnPolicy.ts'

/** A policy and the clock that it reads. */
function policyAt(limits = RESPAWN_LIMITS) {
  const clock = { ms: 0 }
  return Object.assign(
    createRespawnPolicy(limits, () => clock.ms),
    { clock },
  )
}

/** The pause after each of so many crashes, all at once. */
function pauses(policy: ReturnType<typeof policyAt>, crashes: number): number[] {
  return Array.from({ length: crashes }, () => {
    policy.crashed()
    return policy.delayMs()
  })
}

describe('the pause before a program is started again', () => {
  test('doubles with each crash in a row, up to its limit', () => {
    const plain = policyAt()
    expect(plain.delayMs()).toBe(0)
    expect(pauses(plain, 4)).toEqual([250, 500, 1000, 2000])
    expect(plain.open()).toBe(false)
    const longer = policyAt({ ...RESPAWN_LIMITS, backoffMaxMs: 1500, breakerCrashes: 10 })
    expect(pauses(longer, 5)).toEqual([250, 500, 1000, 1500, 1500])
  })

  test('is long from the fifth crash on, until enough of them are long ago', () => {
    const policy = policyAt()
    expect(pauses(policy, 6).slice(4)).toEqual([30_000, 30_000])
    expect(policy.open()).toBe(true)
    policy.clock.ms = 299_999
    expect(policy.open()).toBe(true)
    policy.clock.ms = 300_000
    expect([policy.open(), policy.crashes(), policy.delayMs()]).toEqual([false, 0, 0])
  })

  test('is short again after a job that was finished', () => {
    const policy = policyAt()
    pauses(policy, 5)
    policy.succeeded()
    expect([policy.open(), policy.delayMs()]).toEqual([false, 0])
    expect(pauses(policy, 2)).toEqual([250, 500])
  })
})
