import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow'
import {
  LONGEST_NOTE,
  QUARANTINE,
  type QuarantineAnswer,
  type QuarantineDecision,
  type QuarantineOrder,
  type QuarantineState,
} from '../jobs/quarantine.ts'
import { failureView } from './failure.ts'
import { countQuarantineEnd, showQuarantined, showReleased } from './jobView.ts'
import type { FailureView, JobSettings } from './types.ts'

const release = defineUpdate<QuarantineAnswer, [QuarantineOrder]>(QUARANTINE.release)
const reject = defineUpdate<QuarantineAnswer, [QuarantineOrder]>(QUARANTINE.reject)
const state = defineQuery<QuarantineState>(QUARANTINE.state)

/** How a wait ended: released, or with the failure that the job ends with. */
export type QuarantineEnd = { released: true; lowMemory: boolean } | { released: false; failure: FailureView }

/**
 * Where a job waits that killed the inference program again and again: no terminal status yet, no deadline, until an
 * operator releases or rejects it, somebody cancels it, or the time is over.
 */
export class Quarantine {
  readonly #decisions: QuarantineDecision[] = []
  #stay: { since: string; until: string } | null = null
  #undecided = false
  #why: string | null = null

  /** Listens from now on, so that an order that comes too early is refused rather than kept. */
  constructor() {
    setHandler(release, order => this.#decide('released', order), {
      validator: order => this.#check('released', order),
    })
    setHandler(reject, order => this.#decide('rejected', order), {
      validator: order => this.#check('rejected', order),
    })
    setHandler(state, () => ({
      since: this.#stay?.since ?? null,
      until: this.#stay?.until ?? null,
      why: this.#why,
      decisions: this.#decisions,
    }))
  }

  /** Waits for the decision; a cancellation is one. */
  async hold(why: string, settings: JobSettings): Promise<QuarantineEnd> {
    const { quarantineMs } = settings
    this.#why = why
    this.#stay = { since: iso(Date.now()), until: iso(Date.now() + quarantineMs) }
    this.#undecided = true
    showQuarantined(this.#stay.until)
    const end = await this.#wait(quarantineMs)
    this.#stay = null
    this.#undecided = false
    countQuarantineEnd(end.released ? 'released' : end.failure.code)
    if (end.released) showReleased()
    return end
  }

  async #wait(lastedMs: number): Promise<QuarantineEnd> {
    try {
      await condition(() => !this.#undecided, lastedMs)
    } catch (error) {
      if (!CancellationScope.current().consideredCancelled) throw error
      return { released: false, failure: failureView('canceled', 'cancelled on request, in quarantine') }
    }
    const last = this.#decisions.at(-1)
    if (this.#undecided || last === undefined) {
      return { released: false, failure: failureView('quarantine_expired', `Nobody decided. ${this.#why}`) }
    }
    const { decision, note, lowMemory } = last
    if (decision === 'released') return { released: true, lowMemory }
    const why = `An operator rejected it${note === null ? '' : ` (${note})`}. ${this.#why}`
    return { released: false, failure: failureView('quarantine_rejected', why) }
  }

  /** The first decision counts. The same once more is no mistake: its answer may have been lost. */
  #check(decision: QuarantineDecision['decision'], order: QuarantineOrder): void {
    if (order.note !== null && (typeof order.note !== 'string' || order.note.length > LONGEST_NOTE)) {
      throw ApplicationFailure.nonRetryable(`A note is a text of ${LONGEST_NOTE} characters at most.`)
    }
    if (this.#undecided || this.#decisions.at(-1)?.decision === decision) return
    throw ApplicationFailure.nonRetryable('The job is not in quarantine.', QUARANTINE.refused)
  }

  #decide(
    decision: QuarantineDecision['decision'],
    { note, lowMemory = false }: QuarantineOrder,
  ): QuarantineAnswer {
    if (!this.#undecided) return { changed: false }
    this.#undecided = false
    this.#decisions.push({ at: iso(Date.now()), decision, note, lowMemory })
    return { changed: true }
  }
}

const iso = (ms: number) => new Date(ms).toISOString()
