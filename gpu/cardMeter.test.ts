import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LANES } from '../jobs/jobTypes.ts'
import { createCardMeter } from './cardMeter.ts'

it('adds up busy time, and idle time only while a job waits', () => {
  let nowMs = 5_000
  const meter = createCardMeter(() => nowMs)
  nowMs += 1_000
  meter.update({ holder: null, jobsWaiting: 1 })
  nowMs += 250
  meter.update({ holder: 'sdxl', jobsWaiting: 0 })
  nowMs += 2_000
  expect(meter.read()).toEqual({ busySeconds: 2, idleGapSeconds: 0.25 })
  meter.update({ holder: null, jobsWaiting: 0 })
  nowMs += 60_000
  expect(meter.read()).toEqual({ busySeconds: 2, idleGapSeconds: 0.25 })
})

it('counts every moment once, however often it is read', () => {
  const change = fc.record({
    holder: fc.option(fc.constantFrom(...LANES)),
    jobsWaiting: fc.nat(3),
    lastsMs: fc.nat(10_000),
    reads: fc.nat(2),
  })
  fc.assert(
    fc.property(fc.array(change), changes => {
      let nowMs = 0
      const meter = createCardMeter(() => nowMs)
      let busyMs = 0
      let gapMs = 0
      for (const { holder, jobsWaiting, lastsMs, reads } of changes) {
        meter.update({ holder, jobsWaiting })
        nowMs += lastsMs
        if (holder !== null) busyMs += lastsMs
        else if (jobsWaiting > 0) gapMs += lastsMs
        for (let read = 0; read < reads; read++) meter.read()
      }
      expect(meter.read().busySeconds).toBeCloseTo(busyMs / 1_000, 6)
      expect(meter.read().idleGapSeconds).toBeCloseTo(gapMs / 1_000, 6)
    }),
  )
})
