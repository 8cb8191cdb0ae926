import type { Collected, CollectLimits } from './keptFiles.ts'
import type { Staging } from './staging.ts'

export interface CollectorOptions {
  staging: Pick<Staging, 'collect'>
  stagingLimits: CollectLimits
  /** Collects the renders of this host, where there are any. */
  collectRenders?: () => Promise<Collected>
  /** Between the end of one collection and the start of the next; the first one starts at once. */
  intervalMs: number
  /** null: there are none, or they could not be collected. */
  onCollected: (collected: { staging: Collected | null; renders: Collected | null }) => void
  /** A collection that failed is tried again next time. */
  onError: (error: unknown) => void
}

/** Gives everything kept on disk an end. `stop` waits for a collection that is under way. */
export function startCollector(options: CollectorOptions): { stop(): Promise<void> } {
  const { staging, stagingLimits, collectRenders, intervalMs, onCollected, onError } = options
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = run()

  async function run(): Promise<void> {
    // What cannot be collected of one must not keep the other from being.
    const heard = (error: unknown) => {
      onError(error)
      return null
    }
    const renders = collectRenders ? await collectRenders().catch(heard) : null
    onCollected({ staging: await staging.collect(stagingLimits).catch(heard), renders })
    if (stopped) return
    timer = setTimeout(() => {
      running = run()
    }, intervalMs)
    timer.unref()
  }

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
