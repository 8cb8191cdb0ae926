import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

export type Checks = Record<string, () => Promise<unknown> | unknown>

export interface ReadinessReport {
  ready: boolean
  /** `note`: what a check that passed has to say. */
  checks: Record<string, { ok: boolean; error?: string; note?: string }>
}

const checkLimitMs = 5_000

export interface ReadinessOptions {
  /** Each resolves when its part is usable, and rejects with the reason when it is not. A string that it gives is shown. */
  checks: Checks
  log: Logger
  metrics: Pick<Metrics, 'ready'>
  /** Once aborted, the program is no longer ready. */
  signal?: AbortSignal
}

/**
 * Gives a function that runs all checks at once, each within 5 s. Callers at the same time share one run; changes are logged.
 * Each outcome is in the metrics as soon as it is there, and 0 before the first.
 */
export function createReadiness({
  checks,
  log,
  metrics,
  signal,
}: ReadinessOptions): () => Promise<ReadinessReport> {
  let running: Promise<ReadinessReport> | null = null
  let wasReady: boolean | null = null
  for (const check of Object.keys(checks)) metrics.ready.set({ check }, 0)

  async function told(name: string, check: Checks[string]) {
    const result = await outcome(check)
    metrics.ready.set({ check: name }, result.ok ? 1 : 0)
    return [name, result] as const
  }

  async function run(): Promise<ReadinessReport> {
    const results = await Promise.all(Object.entries(checks).map(([name, check]) => told(name, check)))
    if (signal?.aborted) results.push(['running', { ok: false, error: 'shutting down' }])
    const report = { ready: results.every(([, result]) => result.ok), checks: Object.fromEntries(results) }
    if (report.ready !== wasReady) {
      if (report.ready) log.info('ready')
      else log.warn({ checks: report.checks }, 'not ready')
      wasReady = report.ready
    }
    return report
  }

  return () => {
    running ??= run().finally(() => {
      running = null
    })
    return running
  }
}

async function outcome(check: Checks[string]): Promise<ReadinessReport['checks'][string]> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${checkLimitMs / 1000} s`)), checkLimitMs)
  try {
    const said = await Promise.race([Promise.resolve().then(check), late])
    return typeof said === 'string' ? { ok: true, note: said } : { ok: true }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
