import { Webhook } from 'standardwebhooks'
import type { CallbackEvent } from '../jobs/callback.ts'
import { cleanText } from '../jobs/cleanText.ts'
import { secretsOfUrl, textCensor } from '../jobs/textCensor.ts'
import { classifyAnswer, classifyError, type DeliveryReport } from './deliveryReport.ts'

export interface SendCallbackDeps {
  url: string | null
  /** Sent as bearer token. */
  token: string | null
  /** Signs deliveries as Standard Webhooks do (`whsec_…`); null leaves them unsigned. */
  secret: string | null
  timeoutMs: number
  /** Whether a later run of the job, after a reset, has told its end. */
  toldSince: (jobId: string, runId: string) => Promise<boolean>
  onDelivery?: (event: CallbackEvent, report: DeliveryReport) => void
}

const OUTDATED: DeliveryReport = {
  delivery: 'outdated',
  status: null,
  detail: 'the job was reset, and has told another end',
}
const ANSWER_LIMIT_BYTES = 64 * 1024

export interface SendCallbackInput {
  event: CallbackEvent
  /** Of the job's run whose end this is: given by a delivery that may outlive it. */
  runId?: string
}

/**
 * One delivery of one event to the receiver. Never throws for what the receiver does: the workflow that sends must know
 * whether the receiver may still be working on it. Redirects are not followed: they are no delivery.
 */
export function createSendCallback(deps: SendCallbackDeps) {
  return async function sendCallback({ event, runId }: SendCallbackInput): Promise<DeliveryReport> {
    const outdated = runId !== undefined && (await deps.toldSince(event.body.job_id, runId))
    const report = outdated ? OUTDATED : await post(deps, event)
    deps.onDelivery?.(event, report)
    return report
  }
}

async function post(deps: SendCallbackDeps, event: CallbackEvent): Promise<DeliveryReport> {
  if (deps.url === null) return { delivery: 'refused', status: null, detail: 'no CALLBACK_URL is set' }
  const body = JSON.stringify(event.body)
  const censor = censorFor(deps, event)
  try {
    const response = await fetch(deps.url, {
      method: 'POST',
      redirect: 'manual',
      headers: headersOf(deps, event, body),
      body,
      signal: AbortSignal.timeout(deps.timeoutMs),
    })
    const answer = await readUpTo(response, ANSWER_LIMIT_BYTES)
    return classifyAnswer(response.status, answer, censor)
  } catch (error) {
    const report = classifyError(error)
    return { ...report, detail: censor(report.detail) }
  }
}

function headersOf(deps: SendCallbackDeps, event: CallbackEvent, body: string): Record<string, string> {
  const at = new Date()
  return {
    'content-type': 'application/json',
    'webhook-id': event.id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-sequence': String(event.sequence),
    ...(deps.token === null ? {} : { authorization: `Bearer ${deps.token}` }),
    ...(deps.secret === null
      ? {}
      : { 'webhook-signature': new Webhook(deps.secret).sign(event.id, at, body) }),
  }
}

/** Nothing of ours that the receiver repeats may stand in a history or a log: no secret, no prompt, no query of an address. */
function censorFor(
  { url, token, secret }: SendCallbackDeps,
  { body }: CallbackEvent,
): (text: string) => string {
  const { enhancedPrompt } = body
  const prompts = typeof enhancedPrompt === 'string' ? [enhancedPrompt, cleanText(enhancedPrompt)] : []
  const ours = [token, secret].filter(text => text !== null)
  const withoutOurs = textCensor([...ours, ...secretsOfUrl(url), ...prompts])
  return text =>
    withoutOurs(text)
      .replaceAll(/(https?:\/\/[^\s"'?]{0,2000})\?[^\s"']*/gi, '$1?…')
      .replaceAll(/\?[^\s"'=?]*=[^\s"']*/g, '?…')
}

async function readUpTo(response: Response, limitBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > limitBytes) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
