import { cleanText } from '../jobs/cleanText.ts'

/**
 * How one delivery ended. `failed`: surely not processed; `unknown`: perhaps still being worked on; `refused`: for good;
 * `outdated`: not sent, as the job was reset and has told another end.
 */
export const DELIVERIES = ['delivered', 'refused', 'failed', 'unknown', 'outdated'] as const

export interface DeliveryReport {
  delivery: (typeof DELIVERIES)[number]
  /** HTTP status, when there was an answer. */
  status: number | null
  /** For operators; holds no secret and no payload. */
  detail: string
}

/** Gone, too large, unprocessable: sending the same again cannot help. The receiver's 400 covers transient errors too. */
const REFUSALS = new Set([410, 413, 422])
/** A gateway gave up waiting (520 and 524 are Cloudflare's): the function behind it may still be at work. */
const GATEWAY = new Set([408, 502, 504, 520, 524])
/** The connection was never made, so nothing was processed. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** `censor` takes out of the receiver's own words what they must not hold: it may repeat anything that it was sent. */
export function classifyAnswer(
  status: number,
  body: string,
  censor: (text: string) => string = text => text,
): DeliveryReport {
  if (status === 200 && saysSuccess(body)) return { delivery: 'delivered', status, detail: 'ok' }
  const detail = `HTTP ${status}${errorIn(body, censor)}`
  if (REFUSALS.has(status)) return { delivery: 'refused', status, detail }
  if (GATEWAY.has(status)) return { delivery: 'unknown', status, detail }
  return { delivery: 'failed', status, detail }
}

export function classifyError(error: unknown): DeliveryReport {
  const code = errorCode(error)
  const detail = `${code ?? 'error'}: ${error instanceof Error ? error.message : String(error)}`
  return { delivery: code !== null && NEVER_SENT.has(code) ? 'failed' : 'unknown', status: null, detail }
}

function saysSuccess(body: string): boolean {
  const answer = parsed(body)
  return 'success' in answer && answer.success === true
}

/** What the receiver calls its error; the rest of an answer may repeat what was sent. */
function errorIn(body: string, censor: (text: string) => string): string {
  const answer = parsed(body)
  if (!('error' in answer)) return ''
  const { error } = answer
  return `: ${censor(cleanText(typeof error === 'string' ? error : JSON.stringify(error))).slice(0, 200)}`
}

function parsed(body: string): object {
  try {
    const answer: unknown = JSON.parse(body)
    return typeof answer === 'object' && answer !== null ? answer : {}
  } catch {
    return {}
  }
}

/** fetch wraps the socket's error, and happy eyeballs wraps several. */
function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null
  if ('code' in error && typeof error.code === 'string') return error.code
  if ('cause' in error) return errorCode(error.cause)
  return null
}
