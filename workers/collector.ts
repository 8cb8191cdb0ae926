import { startCollector } from '../assets/collect.ts'
import { createStaging } from '../assets/createStaging.ts'
import { createStore } from '../assets/createStore.ts'
import type { RenderStore } from '../assets/renders.ts'
import type { Config } from '../runtime/config.ts'
import type { Logger } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { scaledMs } from '../workflows/timeScale.ts'

const INTERVAL_MS = 10 * 60_000

export interface CollectorDeps {
  config: Config
  log: Logger
  metrics: Metrics
  /** The renders of this host; null on a machine without a card. */
  renders: RenderStore | null
}

/** Keeps staging and renders within the configured age and size. Gives the function that ends it. */
export function collectKeptFiles({ config, log, metrics, renders }: CollectorDeps): () => Promise<void> {
  const collector = startCollector({
    staging: createStaging(config.staging, createStore(config.store)),
    stagingLimits: config.staging,
    ...(renders === null ? {} : { collectRenders: () => renders.collect(config.renders) }),
    intervalMs: scaledMs(config, INTERVAL_MS),
    onCollected(collected) {
      for (const place of ['staging', 'renders'] as const) {
        const found = collected[place]
        if (found === null) continue
        metrics.collectedFiles.inc({ place }, found.removedFiles)
        metrics.keptBytes.set({ place }, found.keptBytes)
        if (found.removedFiles > 0) log.info({ place, ...found }, 'collected')
      }
    },
    onError: err => log.warn({ err }, 'collection failed; it is tried again later'),
  })
  return () => collector.stop()
}
