import type { Lane } from '../../jobs/jobTypes.ts'
import type { StrideTurnstileOptions } from '../strideTurnstile.ts'
import type { TurnPort, Turnstile } from '../turnstile.ts'
import { createExpectedOwed } from './expectedOwed.ts'

/** Timers are whole milliseconds, so a request may be that late. */
const MARGIN_MS = 2

type Create = (port: TurnPort, options: StrideTurnstileOptions) => Turnstile

/** A turnstile of which every message is checked against the expected rule. `check` throws where a message is missing. */
export function createChecked(create: Create, port: TurnPort, options: StrideTurnstileOptions) {
  const now = options.now ?? (() => performance.now())
  const rule = createExpectedOwed()
  let holder: Lane | null = null
  let asked = false
  let wants: Lane[] = []
  /** Lanes whose present job wants the card alone, from its wish to its release. */
  const alone = new Set<Lane>()
  let paused: Lane[] = []
  let lastMs = now()

  const mustYield = (lane: Lane, marginMs: number) =>
    !alone.has(lane) && rule.mustYield(lane, competing(), paused, marginMs)
  const competing = () => wants.filter(lane => !paused.includes(lane))

  function sync(): void {
    rule.pass(now() - lastMs, holder, holder !== null && alone.has(holder) ? [] : competing())
    lastMs = now()
  }

  const inner = create(
    {
      grant(lane) {
        sync()
        const fits = rule.mayBeGranted(competing())
        if (!fits.includes(lane)) throw new Error(`${lane} was granted the card, not ${fits}: ${account()}`)
        rule.granted(lane)
        holder = lane
        asked = false
        wants = wants.filter(other => other !== lane)
        port.grant(lane)
      },
      yield(lane) {
        sync()
        if (lane !== holder || asked || !mustYield(lane, -MARGIN_MS)) {
          throw new Error(`${lane} was asked to yield without need: ${account()}`)
        }
        asked = true
        port.yield(lane)
      },
    },
    options,
  )

  const account = () =>
    JSON.stringify({ nowMs: now(), holder, wants, paused, owed: wants.map(lane => rule.owedMs(lane)) })

  function check(): void {
    sync()
    if (holder === null && competing().length > 0) throw new Error(`nobody got the card: ${account()}`)
    if (holder !== null && !asked && mustYield(holder, MARGIN_MS)) {
      throw new Error(`${holder} was not asked to yield: ${account()}`)
    }
    const { holder: told, waiting } = inner.snapshot()
    if (told !== holder || String(waiting) !== String(wants)) throw new Error(`a wrong state: ${account()}`)
  }

  function gone(lane: Lane): void {
    if (holder !== lane && !wants.includes(lane)) return
    rule.left(lane, now())
    alone.delete(lane)
    if (holder === lane) holder = null
    wants = wants.filter(other => other !== lane)
  }

  function checked(change: () => void): void {
    sync()
    change()
    check()
  }

  const turnstile: Turnstile = {
    ...inner,
    want: (lane, asksAlone) =>
      checked(() => {
        if (holder !== lane && !wants.includes(lane)) {
          rule.joined(lane, now())
          wants.push(lane)
          if (asksAlone) alone.add(lane)
        }
        inner.want(lane, asksAlone)
      }),
    yielded: (lane, heldMs) =>
      checked(() => {
        if (holder === lane) {
          holder = null
          wants.push(lane)
        }
        inner.yielded(lane, heldMs)
      }),
    released: (lane, heldMs) =>
      checked(() => {
        if (holder === lane) gone(lane)
        inner.released(lane, heldMs)
      }),
    withdraw: lane =>
      checked(() => {
        gone(lane)
        inner.withdraw(lane)
      }),
    reset: () =>
      checked(() => {
        for (const lane of [...wants, ...(holder === null ? [] : [holder])]) gone(lane)
        inner.reset()
      }),
    pause: lane =>
      checked(() => {
        paused.push(lane)
        inner.pause(lane)
      }),
    resume: lane =>
      checked(() => {
        paused = paused.filter(other => other !== lane)
        inner.resume(lane)
      }),
  }
  /** What the lanes that want or hold the card are owed, all together. */
  function totalOwedMs(): number {
    sync()
    const present = holder === null ? wants : [holder, ...wants]
    return present.reduce((sum, lane) => sum + Math.max(0, rule.owedMs(lane)), 0)
  }

  return { turnstile, check, totalOwedMs }
}
