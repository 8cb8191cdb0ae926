import type { Duplex } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Agent, type Dispatcher, request } from 'undici'
import { JobFailure } from '../jobs/failures.ts'
import { errorCode } from './atomicFile.ts'
import { guardedLookup } from './guardedLookup.ts'
import { createNameResolver, type NameResolver } from './nameResolver.ts'
import { describeUrl, isAllowedHost, parseReferenceUrl, refuseHiddenHost } from './referenceUrl.ts'
import { saveStream } from './savedStream.ts'

export interface GuardedFetchOptions {
  /** `host` or `host:port` that may have any address: development only. */
  allowHosts: readonly string[]
  /** From the first lookup to the last byte, redirects included. */
  timeoutMs: number
  /** Of the body, and of what it decompresses to. */
  maxBytes: number
  /** Of the names that are not allowed ones; by default the name servers of this machine are asked. */
  resolve?: NameResolver
}

/** Downloads `source` into a new local file. */
export type GuardedFetch = (
  source: string,
  file: string,
  options?: { signal?: AbortSignal },
) => Promise<{ bytes: number; sha256: string }>

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const WORTH_A_RETRY = new Set([408, 425, 429])

/**
 * Fetches URLs that users name, from public addresses only: see docs/decisions/0005. Sends no cookies and no credentials,
 * and heeds no proxy. Fails with one of the `reference_*` failures, or with the caller's own reason.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  return async (source, file, { signal: caller } = {}) => {
    const limit = AbortSignal.timeout(options.timeoutMs)
    const signal = caller ? AbortSignal.any([caller, limit]) : limit
    let url = parseReferenceUrl(source)
    try {
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const next = await fetchOnce(url, file, signal, options)
        if (!(next instanceof URL)) return next
        url = next
      }
    } catch (error) {
      if (caller?.aborted) throw caller.reason
      const problem = limit.aborted ? `not done within ${options.timeoutMs / 1000} s` : undefined
      throw fetchFailure(url, error, problem)
    }
    throw new JobFailure('reference_unreachable', `${describeUrl(url)}: more than ${MAX_REDIRECTS} redirects`)
  }
}

/** One request on a connection of its own. Gives the saved file, or where it was redirected to. */
async function fetchOnce(url: URL, file: string, signal: AbortSignal, options: GuardedFetchOptions) {
  const agent = agentFor(url, signal, options)
  try {
    const headers = { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'ourvidz' }
    const response = await request(url, { dispatcher: agent, signal, headers })
    const { statusCode, body } = response
    body.on('error', () => {}) // when it is left unread
    if (REDIRECTS.has(statusCode)) return redirectOf(url, response)
    if (statusCode < 200 || statusCode > 299) throw statusFailure(url, statusCode)
    const tooLarge = () =>
      new JobFailure('reference_too_large', `${describeUrl(url)}: more than ${options.maxBytes} bytes`)
    if (Number(headerOf(response, 'content-length')) > options.maxBytes) throw tooLarge()
    const through = decompression(url, headerOf(response, 'content-encoding'))
    return await saveStream(body, file, { maxBytes: options.maxBytes, tooLarge, signal, through })
  } finally {
    await agent.destroy()
  }
}

function agentFor(
  url: URL,
  signal: AbortSignal,
  { allowHosts, timeoutMs, resolve = createNameResolver() }: GuardedFetchOptions,
): Agent {
  const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
  // An allowed name is looked up as any program does it, in /etc/hosts too: the operator has chosen it.
  if (isAllowedHost(url, allowHosts)) return new Agent({ ...limits, connect: { timeout: timeoutMs } })
  refuseHiddenHost(url)
  return new Agent({ ...limits, connect: { timeout: timeoutMs, lookup: guardedLookup(resolve, signal) } })
}

function redirectOf(url: URL, response: Dispatcher.ResponseData): URL {
  const location = headerOf(response, 'location')
  if (location === '')
    throw new JobFailure('reference_unreachable', `${describeUrl(url)}: a redirect to nowhere`)
  return parseReferenceUrl(location, url)
}

/** Some servers compress though they were asked not to; the size limit counts what comes out. */
function decompression(url: URL, encoding: string): Duplex[] {
  switch (encoding.toLowerCase()) {
    case '':
    case 'identity':
      return []
    case 'gzip':
    case 'x-gzip':
      return [createGunzip()]
    case 'deflate':
      return [createInflate()]
    case 'br':
      return [createBrotliDecompress()]
    default:
      throw new JobFailure('reference_not_image', `${describeUrl(url)}: sent as ${encoding.slice(0, 40)}`)
  }
}

function headerOf({ headers }: Dispatcher.ResponseData, name: string): string {
  return [headers[name]].flat()[0] ?? ''
}

/** 401 and 403 mean that its owner does not give it out, which no retry changes; other refusals, that it is not there. */
function statusFailure(url: URL, status: number): JobFailure {
  const message = `${describeUrl(url)}: HTTP ${status}`
  if (status === 401 || status === 403) return new JobFailure('reference_forbidden', message)
  const retryable = status >= 500 || status < 400 || WORTH_A_RETRY.has(status)
  return new JobFailure(retryable ? 'reference_unreachable' : 'reference_not_found', message)
}

function fetchFailure(url: URL, error: unknown, problem?: string): JobFailure {
  if (error instanceof JobFailure) return error
  const message = (error instanceof Error ? error.message : '') || errorCode(error) || 'no connection'
  return new JobFailure('reference_unreachable', `${describeUrl(url)}: ${problem ?? message}`, {
    cause: error,
  })
}
