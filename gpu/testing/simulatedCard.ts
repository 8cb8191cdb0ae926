import { LANES, type Lane } from '../../jobs/jobTypes.ts'
import type { StrideTurnstileOptions } from '../strideTurnstile.ts'
import type { TurnPort, Turnstile } from '../turnstile.ts'
import { createSimulatedClock, type SimulatedClock } from './simulatedClock.ts'

/** What went between the turnstile and the program, in its order. */
export interface CardEvent {
  type: 'want' | 'grant' | 'yield' | 'yielded' | 'released' | 'withdraw' | 'reset'
  lane: Lane
  atMs: number
}

interface LaneState {
  line: { computeMs: number; alone: boolean }[]
  /** The first of the line is with the program: it waits for the card, computes, or is about to want it. */
  state: 'off' | 'waiting' | 'holding' | 'between'
  leftMs: number
  heldMs: number
  asked: boolean
  cancelled: boolean
  cancelStep: () => void
}

export interface SimulatedCardOptions {
  create: (port: TurnPort, options: StrideTurnstileOptions) => Turnstile
  /** Milliseconds to a lane's next gate. */
  nextGateMs: (lane: Lane) => number
  /** From one job's release to the wish of the next of its lane. */
  betweenJobsMs?: number
  /** A lane that hears no request to yield. */
  deaf?: readonly Lane[]
  /** Called after every event, with the turnstile at rest. */
  check?: (card: SimulatedCard) => void
}

export interface SimulatedCard {
  clock: SimulatedClock
  turnstile: Turnstile
  events: CardEvent[]
  /** Puts a job in line that computes so long, and may not be asked to yield if it is to be alone. */
  submit(lane: Lane, computeMs: number, alone?: boolean): void
  /** Cancels the first job of a lane: at its next gate if it holds the card. */
  cancel(lane: Lane): void
  /** The program dies and loses what it had; its lines are kept, and begin anew `afterMs` later. */
  die(afterMs: number): void
  holder(): Lane | null
  waiting(): Lane[]
}

/** A program with a thread per lane, whose jobs compute from gate to gate: it believes nothing and checks what it is told. */
export function createSimulatedCard(options: SimulatedCardOptions): SimulatedCard {
  const { create, nextGateMs, betweenJobsMs = 0, deaf = [], check = () => {} } = options
  const clock = createSimulatedClock()
  const events: CardEvent[] = []
  const lanes = new Map<Lane, LaneState>(LANES.map(lane => [lane, newLane()]))
  const of = (lane: Lane) => lanes.get(lane) ?? newLane()
  const holder = () => LANES.find(lane => of(lane).state === 'holding') ?? null
  const note = (type: CardEvent['type'], lane: Lane) => events.push({ type, lane, atMs: clock.now() })

  const turnstile = create(
    {
      grant(lane) {
        const self = of(lane)
        if (holder() !== null) throw new Error(`${lane} was granted the card that ${holder()} holds`)
        if (self.state !== 'waiting') throw new Error(`${lane} was granted the card without waiting for it`)
        note('grant', lane)
        Object.assign(self, { state: 'holding', heldMs: 0, asked: false })
        toNextGate(lane, self)
      },
      yield(lane) {
        const self = of(lane)
        if (self.state !== 'holding') throw new Error(`${lane} was asked for the card that it does not hold`)
        if (self.line[0]?.alone) throw new Error(`${lane} was asked for the card that it has alone`)
        if (self.asked) throw new Error(`${lane} was asked twice in one turn`)
        note('yield', lane)
        self.asked = true
      },
    },
    { now: clock.now, schedule: (act, ms) => clock.schedule(thenCheck(act), ms) },
  )

  function thenCheck(act: () => void): () => void {
    return () => {
      act()
      check(card)
    }
  }

  function later(self: LaneState, act: () => void, ms: number): void {
    self.cancelStep = clock.schedule(thenCheck(act), ms)
  }

  function toNextGate(lane: Lane, self: LaneState): void {
    const ms = Math.min(self.leftMs, nextGateMs(lane))
    later(self, () => atGate(lane, self, ms), ms)
  }

  function atGate(lane: Lane, self: LaneState, ms: number): void {
    self.leftMs -= ms
    self.heldMs += ms
    if (self.cancelled) end(lane, self, 'withdraw')
    else if (self.leftMs <= 0) end(lane, self, 'released')
    else if (self.asked && !deaf.includes(lane)) {
      self.state = 'waiting'
      note('yielded', lane)
      turnstile.yielded(lane, self.heldMs)
    } else toNextGate(lane, self)
  }

  function end(lane: Lane, self: LaneState, how: 'released' | 'withdraw'): void {
    self.line.shift()
    self.state = 'off'
    self.cancelled = false
    beginNext(lane, self, betweenJobsMs)
    note(how, lane)
    if (how === 'released') turnstile.released(lane, self.heldMs)
    else turnstile.withdraw(lane)
  }

  function beginNext(lane: Lane, self: LaneState, afterMs: number): void {
    const [first] = self.line
    if (self.state !== 'off' || first === undefined) return
    self.state = 'between'
    self.leftMs = first.computeMs
    later(
      self,
      () => {
        self.state = 'waiting'
        note('want', lane)
        turnstile.want(lane, first.alone)
      },
      afterMs,
    )
  }

  const card: SimulatedCard = {
    clock,
    turnstile,
    events,
    submit(lane, computeMs, alone = false) {
      of(lane).line.push({ computeMs, alone })
      beginNext(lane, of(lane), 0)
    },
    cancel(lane) {
      const self = of(lane)
      if (self.state === 'holding') self.cancelled = true
      else if (self.state === 'waiting') end(lane, self, 'withdraw')
    },
    die(afterMs) {
      for (const [lane, self] of lanes) {
        self.cancelStep()
        self.state = 'off'
        self.cancelled = false
        note('reset', lane)
        beginNext(lane, self, afterMs)
      }
      turnstile.reset()
    },
    holder,
    waiting: () => LANES.filter(lane => of(lane).state === 'waiting'),
  }
  return card
}

function newLane(): LaneState {
  return {
    line: [],
    state: 'off',
    leftMs: 0,
    heldMs: 0,
    asked: false,
    cancelled: false,
    cancelStep: () => {},
  }
}
