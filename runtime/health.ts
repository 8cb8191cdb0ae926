import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { listenAt } from './listenAt.ts'
import { mergedMetrics } from './mergedMetrics.ts'
import type { Metrics } from './metrics.ts'
import { createReadiness, type ReadinessOptions } from './readiness.ts'

export interface HealthOptions extends ReadinessOptions {
  host: string
  /** 0: any free port. */
  port: number
  metrics: Pick<Metrics, 'ready' | 'registry'>
  /** What else is served, by path: each gives a value, or a promise of one, that is sent as JSON. */
  pages?: Record<string, () => unknown>
  /** Address of the metrics of Temporal's core, from `installTemporalRuntime`. */
  coreMetricsUrl?: string
}

export interface HealthServer {
  url: string
  close(): Promise<void>
}

/** A scrape waits no longer for the checks: what one says later is in the next. Prometheus gives a scrape up by itself after 10 s. */
const SCRAPE_WAITS_MS = 1_000

/**
 * Serves `/livez` (the process turns), `/readyz` (503 until every check passes; JSON that names them) and `/metrics`
 * (Prometheus text, ours and the core's), and the pages. Throws when the port is taken.
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const pages: NonNullable<HealthOptions['pages']> = Object.assign(Object.create(null), options.pages)
  const readiness = createReadiness(options)
  const server = createServer((request, response) => {
    // A path of two slashes is no URL, which must not be an error of ours.
    const path = URL.parse(request.url ?? '/', 'http://health')?.pathname ?? ''
    answer(path, response).catch((err: unknown) => {
      options.log.error({ err }, 'health request failed')
      response.destroy()
    })
  })

  async function answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/livez') return send(response, 200, 'text/plain', 'ok\n')
    if (path === '/readyz') {
      const report = await readiness()
      return send(response, report.ready ? 200 : 503, 'application/json', `${JSON.stringify(report)}\n`)
    }
    if (path === '/metrics') {
      const { registry } = options.metrics
      await Promise.race([readiness(), sleep(SCRAPE_WAITS_MS, undefined, { ref: false })])
      const text = await mergedMetrics(registry, options.coreMetricsUrl)
      return send(response, 200, registry.contentType, text)
    }
    const page = pages[path]
    if (page) return send(response, 200, 'application/json', `${JSON.stringify(await page())}\n`)
    const known = ['/livez', '/readyz', '/metrics', ...Object.keys(pages)]
    send(response, 404, 'text/plain', `try ${known.join(', ')}\n`)
  }

  return {
    url: await listenAt(server, options),
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body)
}
