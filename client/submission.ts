import { createHash } from 'node:crypto'
import { canonicalJson, DEEPEST_JSON } from '../jobs/canonicalJson.ts'
import { describeGiven } from '../jobs/describeGiven.ts'
import { InvalidPayloadError, PayloadTooLargeError } from './errors.ts'
import { isUuid } from './jobId.ts'

/** Temporal takes 2 MB; the rest is room for encryption and envelopes. */
const MAX_PAYLOAD_BYTES = 1_500_000

export interface Submission {
  jobId: string
  userId: string
  /** The payload as plain JSON, exactly what the workflow will get. */
  payload: Record<string, unknown>
  payloadSha256: string
}

/**
 * Checks what nothing later could refuse properly: without UUIDs there is no workflow id, and an oversize payload never
 * becomes a workflow. Everything else that is wrong with a payload still becomes a job, and so gets its `failed` callback.
 * Throws {@link InvalidPayloadError} or {@link PayloadTooLargeError}.
 */
export function parseSubmission(given: unknown): Submission {
  const json = toJson(given)
  const bytes = Buffer.byteLength(json)
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new PayloadTooLargeError(
      `The payload has ${bytes} bytes of JSON, ${MAX_PAYLOAD_BYTES} at most. Put pictures in storage and reference them by URL or object path.`,
    )
  }
  const payload: unknown = JSON.parse(json)
  if (!isObject(payload)) throw new InvalidPayloadError('The payload must be a JSON object.')
  // The hash tells nothing apart below it; and a worker might not be able to write what is much deeper.
  if (isDeeperThan(DEEPEST_JSON, payload)) {
    throw new InvalidPayloadError(
      `The payload has more than ${DEEPEST_JSON} objects or lists in one another.`,
    )
  }
  return {
    jobId: uuidField(payload, 'id'),
    userId: uuidField(payload, 'user_id'),
    payload,
    payloadSha256: createHash('sha256').update(canonicalJson(payload)).digest('hex'),
  }
}

function toJson(given: unknown): string {
  try {
    return JSON.stringify(given) ?? 'null'
  } catch (error) {
    throw new InvalidPayloadError('The payload cannot be written as JSON.', { cause: error })
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(inner => isDeeperThan(levels - 1, inner))
}

function uuidField(payload: Record<string, unknown>, field: 'id' | 'user_id'): string {
  const value = payload[field]
  if (isUuid(value)) return value.toLowerCase()
  const given =
    value === undefined ? 'it is missing' : `it is ${value === null ? 'null' : describeGiven(value)}`
  throw new InvalidPayloadError(`${field} must be a UUID; ${given}.`)
}
