import { type Check, type Finding, fail, oneLine, reasonOf } from './finding.ts'

/** Runs all checks at once and tells what they find, in their order, as soon as it is known. Never throws. */
export async function runChecks(
  checks: readonly Check[],
  tell: (finding: Finding) => void,
): Promise<Finding[]> {
  const running = checks.map(check => runCheck(check))
  const all: Finding[] = []
  for (const findings of running) {
    for (const finding of await findings) {
      tell(finding)
      all.push(finding)
    }
  }
  return all
}

async function runCheck({ name, limitMs, run }: Check): Promise<Finding[]> {
  const { promise: late, resolve } = Promise.withResolvers<ReturnType<typeof fail>>()
  const timer = setTimeout(() => resolve(fail(`no answer within ${limitMs / 1000} s`)), limitMs)
  try {
    const found = await Promise.race([Promise.resolve().then(run), late])
    return [found].flat().map(({ status, text }) => ({ check: name, status, text: oneLine(text) }))
  } catch (error) {
    return [{ check: name, ...fail(reasonOf(error)) }]
  } finally {
    clearTimeout(timer)
  }
}
