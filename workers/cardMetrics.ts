import { type CardUse, createCardMeter } from '../gpu/cardMeter.ts'
import type { LaneModes } from '../gpu/laneModes.ts'
import type { TurnObserver } from '../gpu/turnstile.ts'
import { LANE_MODES, type MemoryStatus } from '../jobs/cardStatus.ts'
import { LANES } from '../jobs/jobTypes.ts'
import type { Metrics } from '../runtime/metrics.ts'

export interface CardMetrics {
  turns: TurnObserver
  onUse: (use: CardUse) => void
  onMove: (move: 'load' | 'unload', model: string) => void
}

/** Brings what happens on the card into the metrics. `memory` and `lanes` are asked at each scrape. */
export function createCardMetrics(
  metrics: Metrics,
  memory: () => MemoryStatus | null,
  lanes: Pick<LaneModes, 'get'>,
): CardMetrics {
  const meter = createCardMeter()
  let told = meter.read()

  /** Counters only go up, so what has been added since is told. */
  function tellUse(): void {
    const now = meter.read()
    metrics.cardBusySeconds.inc(now.busySeconds - told.busySeconds)
    metrics.cardIdleGapSeconds.inc(now.idleGapSeconds - told.idleGapSeconds)
    told = now
  }

  metrics.onScrape(() => {
    tellUse()
    const status = memory()
    metrics.cardBudgetMiB.set(status?.budgetMiB ?? 0)
    metrics.cardReservedMiB.set(status?.reservedMiB ?? 0)
    for (const lane of LANES) {
      for (const mode of LANE_MODES) metrics.laneMode.set({ lane, mode }, lanes.get(lane) === mode ? 1 : 0)
    }
  })

  return {
    turns: {
      onGranted: (lane, waitedMs) => metrics.turnWaitSeconds.observe({ lane }, waitedMs / 1000),
      onGaveBack: (lane, heldMs) => metrics.turnSeconds.inc({ lane }, heldMs / 1000),
      onCutIn: (lane, tookMs) => metrics.cutInSeconds.observe({ lane }, tookMs / 1000),
    },
    onUse: meter.update,
    onMove: (move, model) => metrics.modelMoves.inc({ model, move }),
  }
}
