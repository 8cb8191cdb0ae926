import { checkContentPolicy } from './contentPolicy.ts'
import { FAILURES } from './failures.ts'
import { InvalidField } from './invalidField.ts'
import { type JobTypeRow, jobTypeRow } from './jobTypes.ts'
import { asNumber, checkedNumber, given, invalid, numberGiven } from './parameters.ts'
import { type Payload, readPayload } from './payload.ts'
import type { JobPlan, PlanError, PlanResult, ReturnedKeys } from './plan.ts'
import { planPrompt } from './planPrompt.ts'
import { noReference, planReference } from './planReference.ts'
import { planSize } from './planSize.ts'
import { isOutputBucket } from './referenceSource.ts'
import { renderCost } from './renderCost.ts'
import { returnedKeys, shortText } from './returnedKeys.ts'
import { planSolver } from './solvers.ts'

export interface PlanOptions {
  /** Buckets that an installation allows beside the ten. */
  outputBuckets?: readonly string[]
  /** Plan the same job as if it had named no reference. */
  withoutReference?: boolean
}

const FPS = 16
/** Image i is drawn with seed + i, which must stay a whole number in JavaScript too. */
const LARGEST_SEED = 2 ** 52

/**
 * Resolves a payload once and for all: every parameter, every default, both families. Pure, and gives why a payload is no
 * job as a value: it never throws, whatever it is given.
 */
export function planJob(payload: unknown, options: PlanOptions = {}): PlanResult {
  try {
    const plan = resolve(readPayload(payload), options)
    const verdict = checkContentPolicy(plan.prompt)
    return verdict.allowed ? { ok: true, plan } : { ok: false, error: refused(verdict.reason, plan) }
  } catch (error) {
    // An object that resists being read (a proxy, a getter that throws) is no payload either.
    const why =
      error instanceof InvalidField
        ? error
        : new InvalidField('payload', 'an object that cannot be read', 'JSON')
    const { field, given, allowed, message } = why
    return {
      ok: false,
      error: { code: 'invalid_job', field, given, allowed, message, returned: returnedKeys(payload) },
    }
  }
}

function refused(reason: string, { ids, extra }: ReturnedKeys): PlanError {
  return {
    code: 'policy_refused',
    field: 'prompt',
    given: reason,
    allowed: 'prompts that sexualise nobody under 18',
    message: FAILURES.policy_refused.message,
    returned: { ids, extra },
  }
}

function resolve(payload: Payload, { outputBuckets = [], withoutReference = false }: PlanOptions): JobPlan {
  const { id: jobId, user_id: userId, type } = payload
  const row = jobTypeRow(type)
  const reference = withoutReference ? noReference : planReference(payload, row, { userId, outputBuckets })
  const shape = {
    steps: numberGiven(payload, 'steps', { min: 1, max: 150, integer: true }) ?? row.steps,
    images: planImages(payload, row),
    ...planSize(payload, row.family),
    ...planFrames(payload, row),
  }
  return {
    jobId,
    userId,
    type,
    family: row.family,
    lane: row.lane,
    model: row.model,
    ...planPrompt(payload, row.family),
    enhance: row.enhance,
    ...shape,
    guidance: planGuidance(payload, row, reference),
    solver: planSolver(payload, row.family),
    shift: numberGiven(payload, 'shift', { min: 0.1, max: 30 }) ?? 5,
    fps: FPS,
    seed: planSeed(payload),
    reference,
    bucket: planBucket(payload, outputBuckets),
    contentType: row.medium === 'video' ? 'video/mp4' : 'image/png',
    extension: row.medium === 'video' ? 'mp4' : 'png',
    ...renderCost(row, { ...shape, sources: reference.sources }),
    expectedEnhanceSeconds: row.enhanceSeconds,
    deadlineMs: row.deadlineHours * 3_600_000,
    renderAttempts: row.renderAttempts,
    reportedExpectedSeconds: reportedSeconds(payload),
    simulate: shortText(payload, 'simulate'),
    ...returnedKeys(payload),
  }
}

function planImages(payload: Payload, { imageCounts }: JobTypeRow): number {
  const found = given(payload, 'images')
  if (found === null) return imageCounts[0] ?? 1
  const images = asNumber(found.value)
  if (!imageCounts.includes(images)) throw invalid(found, imageCounts.join(', '))
  return images
}

/** WAN makes 4n + 1 frames: 83 asked for are 81 made. An image has one, whatever is asked. */
function planFrames(payload: Payload, row: JobTypeRow): Pick<JobPlan, 'frames' | 'framesRequested'> {
  if (row.medium === 'image') return { framesRequested: row.framesRequested, frames: row.frames }
  const rule = { min: 5, max: row.frames + 3, integer: true }
  const framesRequested = numberGiven(payload, 'frames', rule) ?? row.framesRequested
  return { framesRequested, frames: Math.floor((framesRequested - 1) / 4) * 4 + 1 }
}

/** The seed's rule: a reference of WAN pulls by the guidance. Its table's row 0.1 → 5.0 contradicts its formula, which stands. */
function planGuidance(payload: Payload, row: JobTypeRow, { strength }: JobPlan['reference']): number {
  if (row.family === 'wan' && strength !== null) return 5 + 4 * strength
  return numberGiven(payload, 'guidance', { min: 0, max: 30 }) ?? row.guidance
}

/** −1 is WAN's own way to ask for a random one. */
function planSeed(payload: Payload): number | null {
  const found = given(payload, 'seed')
  if (found === null || asNumber(found.value) === -1) return null
  return checkedNumber(found, { min: 0, max: LARGEST_SEED, integer: true })
}

function planBucket(payload: Payload, outputBuckets: readonly string[]): string {
  const found = given(payload, 'bucket')
  if (found === null) return payload.type
  const bucket = typeof found.value === 'string' ? found.value : ''
  if (!isOutputBucket(bucket, outputBuckets)) throw invalid(found, 'one of the output buckets')
  return bucket
}

/** Only reported back, so nothing in it can make a job fail. */
function reportedSeconds(payload: Payload): number | null {
  const seconds = asNumber(given(payload, 'expectedSeconds')?.value)
  return seconds >= 0.01 && seconds <= 1_000_000 ? seconds : null
}
