import { type Found, fail, ok, reasonOf, warn } from './finding.ts'

const DAY_MS = 86_400_000
/** Time enough to have one signed, and to restart everything when little is running. */
const WARN_DAYS = 14

/** How long what a variable holds, or names, is good. */
export function judgeExpiry(variable: string, endOf: () => Date): Found {
  try {
    const end = endOf()
    const days = (end.getTime() - Date.now()) / DAY_MS
    const date = end.toISOString().slice(0, 10)
    if (days <= 0) return fail(`${variable} has expired on ${date}: renew it and restart the workers`)
    if (days > WARN_DAYS) return ok(`${variable} is good until ${date}`)
    return warn(`${variable} expires on ${date}: renew it and restart the workers`)
  } catch (error) {
    return fail(`${variable}: ${reasonOf(error)}`)
  }
}
