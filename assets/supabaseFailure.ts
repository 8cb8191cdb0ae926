import { z } from 'zod'
import { JobFailure } from '../jobs/failures.ts'
import { textCensor } from '../jobs/textCensor.ts'

const text = z.string().optional().catch(undefined)
const answerSchema = z
  .object({
    statusCode: z.coerce.number().int().optional().catch(undefined),
    code: text,
    error: text,
    message: text,
  })
  .catch({})

/** An answer of the storage that is no success. `status` is the body's own where it names one: HTTP's is nearly always 400. */
export class StorageRefusal extends Error {
  override readonly name = 'StorageRefusal'
  readonly status: number
  readonly code: string

  /** `key`: what the request bore; a storage, or a proxy before it, may repeat the request. */
  constructor(httpStatus: number, body: string, key: string) {
    const said = textCensor([key])(body)
    const answer = parseAnswer(said)
    super(answer.message ?? (said.slice(0, 200) || `HTTP ${httpStatus}`))
    this.status = answer.statusCode || httpStatus
    this.code = answer.code ?? answer.error ?? ''
  }
}

/** fetch for the SDK, which itself forgets the answer's `code`. Redirects are not followed: they would carry the key away. */
export function refusingFetch(signal: AbortSignal, key: string): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, signal, redirect: 'manual' })
    if (response.ok) return response
    throw new StorageRefusal(response.status, await response.text(), key)
  }
}

/** The storage's answer inside an error of the SDK or of an upload; null when there was none. */
function refusalOf(error: unknown): StorageRefusal | null {
  if (error instanceof StorageRefusal) return error
  const wrapped =
    typeof error === 'object' && error !== null && 'originalError' in error ? error.originalError : null
  return wrapped instanceof StorageRefusal ? wrapped : null
}

/**
 * The failure of an operation: `store_refused` where the storage is known to mean that the same request can never succeed, else
 * `store_unavailable`. A wrong key, a quota, a proxy's page and whatever we do not know are of the second kind: an operator mends
 * them, and what was rendered meanwhile waits for that.
 */
export function supabaseFailure(operation: string, error: unknown): JobFailure {
  const refusal = refusalOf(error)
  if (refusal === null) {
    const message = error instanceof Error ? error.message : String(error)
    return new JobFailure('store_unavailable', `${operation}: ${message}`, { cause: error })
  }
  const answer = [refusal.status, refusal.code, refusal.message].filter(part => part !== '').join(' ')
  const code = isFinal(refusal) ? 'store_refused' : 'store_unavailable'
  return new JobFailure(code, `${operation}: ${answer}`, { cause: error })
}

/** By the code of the storage's own errors, by HTTP's for a body that is too large or of a wrong type, and by the texts of TUS. */
const FINAL_CODES = new Set(['EntityTooLarge', 'InvalidMimeType', 'InvalidKey', 'InvalidRequest'])
const FINAL_STATUSES = new Set([413, 415])
const FINAL_TEXTS = /^invalid key\b/i

function isFinal(refusal: StorageRefusal): boolean {
  const { code, status, message } = refusal
  return (
    isNotThere(refusal) || FINAL_CODES.has(code) || FINAL_STATUSES.has(status) || FINAL_TEXTS.test(message)
  )
}

/** There is no such bucket or object, as the storage itself says it; a proxy's 404 says nothing of either. */
export function isNotThere(error: unknown): boolean {
  const refusal = refusalOf(error)
  if (refusal === null) return false
  const { code, message } = refusal
  return code === 'NoSuchKey' || code === 'NoSuchBucket' || /^(object|bucket) not found\b/i.test(message)
}

function parseAnswer(body: string): z.infer<typeof answerSchema> {
  try {
    return answerSchema.parse(JSON.parse(body))
  } catch {
    return {} // a proxy's page
  }
}
