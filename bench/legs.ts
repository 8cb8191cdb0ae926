import type { temporal } from '@temporalio/proto'
import type { JobOutcome } from '../workflows/types.ts'

/** Where the time of one job went, in ms. The legs after `overhead` add up to it. */
export interface Legs {
  total: number
  engine: number
  overhead: number
  submit: number
  plan: number
  dispatchGenerate: number
  aroundEngine: number
  decideUpload: number
  dispatchUpload: number
  upload: number
  decideCallback: number
  dispatchCallback: number
}

interface Measured {
  submittedAtMs: number
  deliveredAtMs: number
  outcome: JobOutcome
  history: temporal.api.history.v1.IHistory
}

/** Reads a job's legs off its history (the server's clock, which is this machine's). */
export function legsOf({ submittedAtMs, deliveredAtMs, outcome, history }: Measured): Legs {
  const generate = activity(history, 'generate')
  const upload = activity(history, 'uploadAssets')
  const callback = activity(history, 'sendCallback')
  const begun = timeOf(history.events?.[0])
  const timings = outcome.receipt?.timings
  const engine = timings === undefined ? 0 : timings.loadMs + timings.cardMs + timings.encodeMs
  const total = deliveredAtMs - submittedAtMs
  return {
    total,
    engine,
    overhead: total - engine,
    submit: begun - submittedAtMs,
    plan: generate.scheduled - begun,
    dispatchGenerate: generate.started - generate.scheduled,
    aroundEngine: generate.completed - generate.started - engine,
    decideUpload: upload.scheduled - generate.completed,
    dispatchUpload: upload.started - upload.scheduled,
    upload: upload.completed - upload.started,
    decideCallback: callback.scheduled - upload.completed,
    dispatchCallback: deliveredAtMs - callback.scheduled,
  }
}

/** The last activity of a type. */
function activity({ events }: temporal.api.history.v1.IHistory, name: string) {
  const scheduled = events?.findLast(
    event => event.activityTaskScheduledEventAttributes?.activityType?.name === name,
  )
  const id = String(scheduled?.eventId)
  const started = events?.find(
    event => String(event.activityTaskStartedEventAttributes?.scheduledEventId) === id,
  )
  const completed = events?.find(
    event => String(event.activityTaskCompletedEventAttributes?.scheduledEventId) === id,
  )
  return { scheduled: timeOf(scheduled), started: timeOf(started), completed: timeOf(completed) }
}

function timeOf(event: temporal.api.history.v1.IHistoryEvent | undefined): number {
  return Number(event?.eventTime?.seconds) * 1000 + Number(event?.eventTime?.nanos) / 1e6
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
