import type { JobPlan } from '../jobs/plan.ts'
import type { RenderReceipt, StagedReference } from '../jobs/receipt.ts'
import type { RenderHome } from '../jobs/renderHeartbeat.ts'
import {
  type CardActivities,
  card,
  host,
  MINUTE_MS,
  queues,
  RENDER_LIMIT_MS,
  SECOND_MS,
} from './activities.ts'
import { isHostSilent, lastHome, wasHeld } from './failure.ts'
import { showPhase } from './jobView.ts'
import { outages } from './outages.ts'
import type { Production } from './production.ts'
import { scaledMs } from './timeScale.ts'
import type { JobSettings } from './types.ts'

type Rendered = Awaited<ReturnType<CardActivities['generate']>>

/** It has been silent for as long as a lost host already, and answers at once if only its uploads are stuck. */
const SILENT_HOST_ANSWERS_MS = 30 * SECOND_MS

/**
 * Renders where the lane's queue brings it. When an attempt was lost on one machine and the next comes to another, the first
 * is asked, as it may be at it or have its receipt; if it stays silent for as long as a lost host does, it is rendered anew.
 * `silentHost` has rendered it before, and did not take the upload.
 */
export async function render(
  production: Production,
  references: StagedReference[],
  settings: JobSettings,
  silentHost: string | null,
): Promise<RenderReceipt> {
  showPhase('rendering')
  let home: RenderHome | null = silentHost === null ? null : { hostId: silentHost, begun: true }
  const { hostLostMs } = settings
  let silenceMs =
    silentHost === null ? hostLostMs : Math.min(hostLostMs, scaledMs(settings, SILENT_HOST_ANSWERS_MS))
  const outlived = outages(settings)
  const lostHosts: string[] = []
  for (;;) {
    try {
      const asked = { ...wantedOf(production, references), ...(lostHosts.length > 0 ? { lostHosts } : {}) }
      const found: Rendered = await (home === null
        ? card(settings).generate.executeWithOptions(laneOptions(production, settings), [asked])
        : host(settings).generate.executeWithOptions(homeOptions(home, silenceMs, production, settings), [
            asked,
          ]))
      if (!('elsewhere' in found)) return found
      home = found.elsewhere
      if (home === null) silenceMs = hostLostMs
      else production.held ||= home.begun
    } catch (error) {
      if (home !== null && isHostSilent(error)) {
        lostHosts.push(home.hostId)
        home = null
        silenceMs = hostLostMs
        continue
      }
      if (!(await outlived(error))) throw error
      silenceMs = hostLostMs
      production.held ||= wasHeld(error)
      home = lastHome(error)
    }
  }
}

function wantedOf({ plan, round, lowMemory, enhancedPrompt }: Production, references: StagedReference[]) {
  const prompt = enhancedPrompt ?? plan.prompt
  return { plan, prompt, references, ...(round === 0 ? {} : { round, lowMemory }) }
}

function renderOptions({ plan }: Production, settings: JobSettings) {
  return {
    summary: `${plan.type} · ${plan.width}×${plan.height} · ${plan.steps} steps · ${amountOf(plan)}`,
    retry: { maximumAttempts: plan.renderAttempts, ...pauses(settings) },
  }
}

function laneOptions(production: Production, settings: JobSettings) {
  const { lane, expectedRenderSeconds } = production.plan
  return {
    ...renderOptions(production, settings),
    taskQueue: queues().lane(lane),
    // Charges a user by our own estimate of GPU seconds. A weight at the workflow's start would charge every small task too.
    priority: { fairnessWeight: Math.min(1000, Math.max(0.001, 1 / expectedRenderSeconds)) },
  }
}

function homeOptions(home: RenderHome, silenceMs: number, production: Production, settings: JobSettings) {
  return {
    ...renderOptions(production, settings),
    taskQueue: queues().host(home.hostId),
    // It may wait for the card as long there as in its lane.
    startToCloseTimeout: scaledMs(settings, RENDER_LIMIT_MS),
    // Also if it was last heard of in line there: cut off from Temporal, it may have got the card since.
    scheduleToStartTimeout: silenceMs,
  }
}

/** Between attempts. */
export function pauses(settings: JobSettings) {
  return {
    initialInterval: scaledMs(settings, SECOND_MS),
    maximumInterval: scaledMs(settings, MINUTE_MS),
  }
}

function amountOf({ images, frames }: JobPlan): string {
  if (frames > 1) return `${frames} frames`
  return images > 1 ? `${images} images` : '1 image'
}
