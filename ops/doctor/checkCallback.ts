import type { Config } from '../../runtime/config.ts'
import { isOfThisMachine } from './checkConfiguration.ts'
import { type Found, fail, ok, reasonOf, skipped, warn } from './finding.ts'

const ANSWER_MS = 8_000
/** Receivers refuse signatures that are five minutes off, as Standard Webhooks asks. */
const CLOCK_FAIL_SECONDS = 240
const CLOCK_WARN_SECONDS = 30

/** Whether somebody answers at the callback's address. Asks only what may be asked there: no delivery is ever sent. */
export async function checkCallback({ url }: Config['callback']): Promise<Found> {
  if (url === null) return warn('CALLBACK_URL is not set: nobody is told how jobs get on')
  const answer = await ask(url).catch((error: unknown) => reasonOf(error))
  if (typeof answer === 'string')
    return fail(`${withoutQuery(url)} does not answer (${answer}): check CALLBACK_URL and the network`)
  const said = `${withoutQuery(url)} answers OPTIONS with ${answer.status}`
  if (answer.status === 404) return warn(`${said}: is the receiver deployed under this path?`)
  if (answer.status >= 300 && answer.status < 400)
    return warn(`${said}: a redirect is not followed; set CALLBACK_URL to where it leads`)
  return answer.status >= 500 ? warn(`${said}: the receiver is not well`) : ok(said)
}

/** Compares this machine's clock with that of a server which it talks to anyway, as signatures carry the time. */
export async function checkClock({ store, callback }: Config): Promise<Found> {
  const url = [store.supabaseUrl, callback.url].find(candidate => candidate && !isOfThisMachine(candidate))
  if (!url) return skipped('no server elsewhere to compare it with')
  const began = Date.now()
  const answer = await ask(url).catch(() => null)
  const theirs = Date.parse(answer?.headers.get('date') ?? '')
  if (Number.isNaN(theirs)) return skipped(`${new URL(url).host} does not say its time`)
  const seconds = Math.round(((began + Date.now()) / 2 - theirs) / 1000)
  const said = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ${new URL(url).host}`
  if (Math.abs(seconds) >= CLOCK_FAIL_SECONDS)
    return fail(`${said}: receivers refuse signatures; synchronise it`)
  return Math.abs(seconds) >= CLOCK_WARN_SECONDS ? warn(`${said}: synchronise it`) : ok(said)
}

async function ask(url: string): Promise<Response> {
  const response = await fetch(url, {
    method: 'OPTIONS',
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  await response.body?.cancel()
  return response
}

/** A query may hold a secret. */
function withoutQuery(url: string): string {
  return url.split('?')[0] ?? url
}
