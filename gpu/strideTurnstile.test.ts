import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import { GUARANTEED_SHARES, longestWaitMs, MEMORY_MS, SLICE_MS } from './shares.ts'
import { createStrideTurnstile } from './strideTurnstile.ts'
import { createChecked } from './testing/checkedTurnstile.ts'
import { randomGates } from './testing/gates.ts'
import { createSimulatedCard, type SimulatedCardOptions } from './testing/simulatedCard.ts'

const LONGEST_GATE_MS = 400
const MOST_OWED_MS = 4 * SLICE_MS + 3 * LONGEST_GATE_MS
const anyLane = fc.constantFrom(...LANES)
const anySeed = fc.integer()

type Checked = ReturnType<typeof createChecked>

function checkedCard(
  seed: number,
  options: Partial<SimulatedCardOptions> = {},
  alsoCheck: (checked: Checked) => void = () => {},
) {
  let checked: Checked | null = null
  return createSimulatedCard({
    create(port, settings) {
      checked = createChecked(createStrideTurnstile, port, settings)
      return checked.turnstile
    },
    nextGateMs: randomGates(seed, 1, LONGEST_GATE_MS),
    check() {
      if (checked === null) return
      checked.check()
      alsoCheck(checked)
    },
    ...options,
  })
}

const anyAct = fc.record({
  act: fc.oneof(
    { weight: 7, arbitrary: fc.constant('submit' as const) },
    { weight: 1, arbitrary: fc.constant('submit alone' as const) },
    fc.constantFrom('cancel' as const, 'pause' as const, 'resume' as const),
    { weight: 1, arbitrary: fc.constantFrom('die' as const, 'again' as const) },
  ),
  lane: anyLane,
  afterMs: fc.oneof(fc.constant(0), fc.integer({ max: 500, min: 1 }), fc.integer({ max: 40_000, min: 1 })),
  computeMs: fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 1, max: 120_000 })),
})

describe('every message of the turnstile', () => {
  it('is the one that the rule expects, none is missing, whatever the jobs, the program and the operator do', () => {
    fc.assert(
      fc.property(fc.array(anyAct, { maxLength: 40 }), anySeed, (acts, seed) => {
        const card = checkedCard(seed, { betweenJobsMs: Math.abs(seed % 30) })
        let atMs = 0
        for (const { act, lane, afterMs, computeMs } of acts) {
          atMs += afterMs
          card.clock.runUntil(atMs)
          if (act === 'submit') card.submit(lane, computeMs)
          else if (act === 'submit alone') card.submit(lane, computeMs, true)
          else if (act === 'cancel') card.cancel(lane)
          else if (act === 'die') card.die(computeMs)
          else if (act === 'again') for (const waits of card.waiting()) card.turnstile.want(waits)
          else card.turnstile[act](lane)
        }
        for (const lane of LANES) card.turnstile.resume(lane)
        card.clock.runUntil(atMs + 10_000_000)
        expect(card.turnstile.snapshot()).toMatchObject({ holder: null, waiting: [], paused: [] })
        expect(card.clock.pending()).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  it('waits for a holder that ignores requests to yield', () => {
    fc.assert(
      fc.property(anySeed, fc.array(fc.tuple(anyLane, fc.integer({ min: 1, max: 60_000 }))), (seed, jobs) => {
        const card = checkedCard(seed, { deaf: ['wan.video'] })
        for (const [lane, computeMs] of [['wan.video', 180_000] as const, ...jobs])
          card.submit(lane, computeMs)
        card.clock.runUntil(100_000_000)
        expect(card.events.filter(({ type }) => type === 'released')).toHaveLength(jobs.length + 1)
      }),
    )
  })
})

/** Keeps lanes busy for an hour with jobs of random lengths. */
function saturate(lanes: readonly Lane[], seed: number) {
  let mostOwedMs = 0
  const card = checkedCard(seed, { betweenJobsMs: 20 }, ({ totalOwedMs }) => {
    mostOwedMs = Math.max(mostOwedMs, totalOwedMs())
  })
  const lengthMs = randomGates(seed + 1, 100, 90_000)
  const untilMs = 3_600_000
  for (const lane of lanes) {
    for (let sumMs = 0; sumMs < untilMs; ) {
      const computeMs = lengthMs()
      card.submit(lane, computeMs)
      sumMs += computeMs
    }
  }
  card.clock.runUntil(untilMs)
  return { card, untilMs, mostOwedMs }
}

const someLanes = fc.subarray([...LANES], { minLength: 2 })

describe('a saturated card', () => {
  it('gives every lane its share, less the bound', () => {
    fc.assert(
      fc.property(someLanes, anySeed, (lanes, seed) => {
        const { card, untilMs, mostOwedMs } = saturate(lanes, seed)
        expect(mostOwedMs).toBeLessThan(MOST_OWED_MS)
        const { heldMs } = card.turnstile.snapshot()
        const allMs = Object.values(heldMs).reduce((sum, ms) => sum + ms, 0)
        expect(allMs).toBeGreaterThan(untilMs * 0.98)
        for (const lane of lanes) {
          const share = GUARANTEED_SHARES[lane]
          // The turn that is not over yet is not counted either.
          const lag = MOST_OWED_MS + share * MEMORY_MS + 2 * SLICE_MS
          expect(heldMs[lane]).toBeGreaterThan(share * allMs - lag)
        }
        const [highest] = lanes
        if (lanes.length < LANES.length && highest === 'sdxl') {
          expect(heldMs.sdxl / allMs).toBeGreaterThan(GUARANTEED_SHARES.sdxl + 0.1)
        }
      }),
      { numRuns: 12 },
    )
  })

  it('lets no lane wait longer than the bound', () => {
    fc.assert(
      fc.property(someLanes, anySeed, (lanes, seed) => {
        const { card } = saturate(lanes, seed)
        const since = new Map<Lane, number>()
        for (const { type, lane, atMs } of card.events) {
          if (type === 'want' || type === 'yielded') since.set(lane, atMs)
          if (type !== 'grant') continue
          const waitedMs = atMs - (since.get(lane) ?? 0)
          expect(waitedMs).toBeLessThan(longestWaitMs(lane, LONGEST_GATE_MS) * 1.02)
        }
      }),
      { numRuns: 12 },
    )
  })

  it('changes lanes seldom: a turn is no shorter than it must be', () => {
    const { card, untilMs } = saturate(LANES, 1)
    const grants = card.events.filter(({ type }) => type === 'grant').length
    const released = card.events.filter(({ type }) => type === 'released').length
    expect(untilMs / (grants - 2 * released)).toBeGreaterThan(SLICE_MS)
  })
})

describe('a card that is not saturated', () => {
  it('is given to an image at the next gate of a video, and stays with it to its end', () => {
    const image = fc.record({
      lane: fc.constantFrom('sdxl' as const, 'wan.image' as const),
      computeMs: fc.integer({ min: 100, max: 48_000 }),
      extraMs: fc.integer({ min: 0, max: 60_000 }),
    })
    fc.assert(
      fc.property(fc.array(image, { minLength: 1, maxLength: 12 }), anySeed, (images, seed) => {
        const card = checkedCard(seed)
        for (let video = 0; video < 40; video++) card.submit('wan.video', 180_000)
        let atMs = 60_000
        for (const { lane, computeMs, extraMs } of images) {
          card.clock.runUntil(atMs)
          card.submit(lane, computeMs)
          // The video has its share back after half the image's time.
          atMs += computeMs * 1.5 + 2 * LONGEST_GATE_MS + extraMs
        }
        card.clock.runUntil(atMs)
        const ofImages = card.events.filter(({ lane }) => lane !== 'wan.video')
        expect(ofImages.map(({ type }) => type)).toEqual(images.flatMap(() => ['want', 'grant', 'released']))
        for (const [index, { type, atMs: grantedAtMs }] of ofImages.entries()) {
          const wantedAtMs = ofImages[index - 1]?.atMs ?? 0
          if (type === 'grant') expect(grantedAtMs - wantedAtMs).toBeLessThanOrEqual(LONGEST_GATE_MS)
        }
      }),
    )
  })

  it('does not make a lane pay for ten minutes alone: a video goes on within the bound', () => {
    const card = checkedCard(3)
    card.submit('wan.video', 3_600_000)
    card.clock.runUntil(600_000)
    for (let job = 0; job < 100; job++) card.submit('sdxl', 8_000)
    card.clock.runUntil(600_000 + longestWaitMs('wan.video', LONGEST_GATE_MS))
    const grants = card.events.filter(({ type, atMs }) => type === 'grant' && atMs > 600_500)
    expect(grants.map(({ lane }) => lane)).toContain('wan.video')
  })
})

describe('turns per job', () => {
  it('never asks anybody to yield, not even for a pause', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyLane, fc.integer({ min: 1, max: 60_000 }))), anySeed, (jobs, seed) => {
        const card = createSimulatedCard({
          create: (port, options) => createStrideTurnstile(port, { ...options, turns: 'job' }),
          nextGateMs: randomGates(seed, 1, LONGEST_GATE_MS),
        })
        for (const [lane, computeMs] of jobs) card.submit(lane, computeMs)
        card.turnstile.pause('sdxl')
        card.clock.runUntil(50)
        card.turnstile.resume('sdxl')
        card.clock.runUntil(100_000_000)
        expect(card.events.filter(({ type }) => type === 'released')).toHaveLength(jobs.length)
        expect(card.events.some(({ type }) => type === 'yield' || type === 'yielded')).toBe(false)
      }),
    )
  })
})

describe('a job that is alone', () => {
  it('waits for its turn as usual, keeps the card to its end, and all goes on as before', () => {
    fc.assert(
      fc.property(anyLane, fc.integer({ min: 1, max: 600_000 }), anySeed, (lane, computeMs, seed) => {
        const card = checkedCard(seed)
        for (const other of LANES) if (other !== lane) card.submit(other, 3_600_000)
        card.clock.runUntil(10_000)
        card.submit(lane, computeMs, true)
        card.clock.runUntil(10_000 + longestWaitMs(lane, LONGEST_GATE_MS) + computeMs)
        const [want, grant, released, ...more] = card.events.filter(event => event.lane === lane)
        expect([want?.type, grant?.type, released?.type, more.length]).toEqual([
          'want',
          'grant',
          'released',
          0,
        ])
        const between = card.events.filter(
          ({ atMs, ...event }) =>
            event.lane !== lane && atMs > (grant?.atMs ?? 0) && atMs < (released?.atMs ?? 0),
        )
        expect(between).toEqual([])
        const waits = LANES.map(other => longestWaitMs(other, LONGEST_GATE_MS))
        card.clock.runUntil((released?.atMs ?? 0) + Math.max(...waits))
        const served = card.events.filter(
          ({ type, atMs }) => type === 'grant' && atMs >= (released?.atMs ?? 0),
        )
        expect(new Set(served.map(event => event.lane))).toEqual(
          new Set(LANES.filter(other => other !== lane)),
        )
      }),
      { numRuns: 50 },
    )
  })
})
