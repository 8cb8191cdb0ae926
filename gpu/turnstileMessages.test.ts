import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import { createStrideTurnstile } from './strideTurnstile.ts'
import { createSimulatedClock } from './testing/simulatedClock.ts'
import type { Turnstile } from './turnstile.ts'

type Call = Exclude<keyof Turnstile, 'snapshot'>

const anyMessage = fc.record({
  call: fc.constantFrom<Call>('want', 'yielded', 'released', 'withdraw', 'reset', 'pause', 'resume'),
  lane: fc.constantFrom(...LANES),
  afterMs: fc.integer({ min: 0, max: 10_000 }),
})

function tell(turnstile: Turnstile, call: Call, lane: Lane, heldMs: number): void {
  if (call === 'yielded' || call === 'released') turnstile[call](lane, heldMs)
  else if (call === 'reset') turnstile.reset()
  else turnstile[call](lane)
}

/** A turnstile that notes what it says, on a clock of its own. */
function noted() {
  const clock = createSimulatedClock()
  const said: string[] = []
  const note =
    (what: string) =>
    (lane: Lane, ms?: number): void =>
      void said.push(ms === undefined ? `${what} ${lane}` : `${what} ${lane} ${ms}`)
  const turnstile = createStrideTurnstile(
    { grant: note('grant'), yield: note('yield') },
    {
      now: clock.now,
      schedule: clock.schedule,
      observer: { onGranted: note('granted'), onGaveBack: note('gave back'), onCutIn: note('cut in') },
    },
  )
  return { turnstile, said, clock }
}

describe('messages', () => {
  it('change nothing when they are repeated', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 60 }), sequence => {
        const once = noted()
        const twice = noted()
        let atMs = 0
        for (const { call, lane, afterMs } of sequence) {
          atMs += afterMs
          for (const { clock } of [once, twice]) clock.runUntil(atMs)
          for (const { turnstile } of [once, twice]) tell(turnstile, call, lane, 5)
          // A lane that got the card back at once would truly yield a second time.
          const isNew = call === 'yielded' && twice.turnstile.snapshot().holder === lane
          if (!isNew) tell(twice.turnstile, call, lane, 5)
          expect(twice.turnstile.snapshot()).toEqual(once.turnstile.snapshot())
          expect(twice.said).toEqual(once.said)
        }
      }),
    )
  })

  it('may come back from a grant, a request or a timer', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 60 }), sequence => {
        const clock = createSimulatedClock()
        const back = [...sequence]
        let holder: Lane | null = null
        const answer = () => {
          const message = back.pop()
          if (message) hear(message.call, message.lane)
        }
        const turnstile = createStrideTurnstile(
          {
            grant(lane) {
              expect(holder).toBeNull()
              holder = lane
              answer()
            },
            yield(lane) {
              expect(lane).toBe(holder)
              answer()
            },
          },
          { now: clock.now, schedule: clock.schedule },
        )
        function hear(call: Call, lane: Lane): void {
          const gives = call === 'yielded' || call === 'released' || call === 'withdraw'
          if (call === 'reset' || (gives && lane === holder)) holder = null
          tell(turnstile, call, lane, 5)
        }
        for (const { call, lane, afterMs } of sequence) {
          clock.runUntil(clock.now() + afterMs)
          hear(call, lane)
          const { holder: told, waiting, paused } = turnstile.snapshot()
          expect(told).toBe(holder)
          if (told === null) expect(waiting.filter(other => !paused.includes(other))).toEqual([])
        }
      }),
    )
  })

  it('tell the observer who waited, held and cut in, and for how long', () => {
    const { turnstile, said, clock } = noted()
    turnstile.want('wan.video')
    clock.runUntil(1_000)
    turnstile.want('wan.image')
    clock.runUntil(1_100)
    turnstile.want('sdxl')
    clock.runUntil(1_150)
    turnstile.yielded('wan.video', 1_140)
    clock.runUntil(2_000)
    turnstile.released('sdxl', 800)
    turnstile.pause('wan.image')
    turnstile.withdraw('wan.image')
    expect(said).toEqual([
      'granted wan.video 0',
      'grant wan.video',
      'yield wan.video',
      'gave back wan.video 1140',
      'granted sdxl 50',
      'cut in sdxl 50',
      'grant sdxl',
      'gave back sdxl 800',
      'granted wan.image 1000',
      'grant wan.image',
      'yield wan.image',
      'gave back wan.image 0',
      'granted wan.video 850',
      'grant wan.video',
    ])
    expect(turnstile.snapshot()).toEqual({
      holder: 'wan.video',
      waiting: [],
      paused: ['wan.image'],
      heldMs: { sdxl: 800, 'wan.image': 0, 'wan.video': 1_140, 'wan.enhance': 0 },
    })
  })

  it('leave no timer behind after a reset, and pauses stay', () => {
    const { turnstile, said, clock } = noted()
    turnstile.want('sdxl')
    turnstile.want('wan.video')
    turnstile.pause('wan.image')
    expect(clock.pending()).toBe(1)
    turnstile.reset()
    expect(clock.pending()).toBe(0)
    turnstile.want('wan.image')
    expect(turnstile.snapshot()).toMatchObject({
      holder: null,
      waiting: ['wan.image'],
      paused: ['wan.image'],
    })
    turnstile.resume('wan.image')
    expect(said.at(-1)).toBe('grant wan.image')
  })

  it('by the real clock: a video that is owed a slice gets the card without a message', async () => {
    const { promise, resolve } = Promise.withResolvers<Lane>()
    const turnstile = createStrideTurnstile({ grant: () => {}, yield: resolve }, { timeScale: 0.01 })
    turnstile.want('sdxl')
    turnstile.want('wan.video')
    const alive = setInterval(() => {}, 1_000)
    expect(await promise).toBe('sdxl')
    clearInterval(alive)
  })
})
