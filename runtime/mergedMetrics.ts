import type { Registry } from 'prom-client'

/**
 * One Prometheus page of our registry and of Temporal's core, which serves its own on a loopback port. Their names do
 * not meet (`ourvidz_`, `process_`, `nodejs_`; `temporal_`). Without the core, ours are still served.
 */
export async function mergedMetrics(registry: Registry, coreUrl?: string): Promise<string> {
  const [own, core] = await Promise.all([registry.metrics(), coreUrl === undefined ? '' : coreText(coreUrl)])
  return `${own.trimEnd()}\n${core}`
}

async function coreText(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    return response.ok ? await response.text() : `# Temporal's core metrics: ${response.status}\n`
  } catch {
    return "# Temporal's core metrics: not available\n"
  }
}
