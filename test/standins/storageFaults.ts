import type { foreignAnswers, Refusal } from './storageAnswers.ts'

/**
 * `refuse`, `foreign`, `badGateway`: that answer. `hang`: reads the request, never answers. `halfOpen`: does not even read it.
 * `slow`: works after a while. `reset`: drops the connection at once. `answerLost`: does the work, then drops it.
 * `echo`: refuses with the headers of the request. `earlyAnswer`: refuses without reading the body, and leaves the connection open.
 */
export type Fault =
  | { kind: 'refuse'; code: Refusal }
  | { kind: 'foreign'; code: keyof typeof foreignAnswers }
  | { kind: 'badGateway' | 'hang' | 'halfOpen' | 'reset' | 'answerLost' | 'earlyAnswer' | 'echo' }
  | { kind: 'slow'; delayMs: number }

export interface FaultPlan {
  /** The next `times` requests of the method (of any, without one) meet the fault. */
  failNext(fault: Fault, options?: { times?: number; method?: string }): void
  take(method: string): Fault | null
}

export function createFaultPlan(): FaultPlan {
  const planned: { fault: Fault; times: number; method: string | null }[] = []
  return {
    failNext(fault, { times = 1, method } = {}) {
      planned.push({ fault, times, method: method ?? null })
    },
    take(method) {
      const next = planned.find(entry => entry.method === null || entry.method === method)
      if (next === undefined) return null
      next.times -= 1
      if (next.times === 0) planned.splice(planned.indexOf(next), 1)
      return next.fault
    },
  }
}
