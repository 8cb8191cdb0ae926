import { JOB_PHASES, type RenderProgress } from './status.ts'

/** The host that a render is at. Every heartbeat names it, so that an attempt on another host knows whom to ask first. */
export interface RenderHome {
  hostId: string
  /** Whether the render has had the card there: it may have its receipt. Otherwise it waits in line there. */
  begun: boolean
}

/** Heartbeat details of `generate` and `enhancePrompt`: what the next attempt, the workflow and a client learn of this one. */
export interface RenderHeartbeat extends RenderProgress {
  /** Attempts that the inference program died of, on any host. */
  kills: number
  /** null where the render has no home: `enhancePrompt`, and `generate` once it is over there. */
  home: RenderHome | null
}

/** null where the details are no such heartbeat, or there was none. */
export function readHeartbeat(details: unknown): RenderHeartbeat | null {
  if (!isRecord(details) || typeof details.phase !== 'string') return null
  const { phase, step, total, held, kills, home } = details
  if (typeof step !== 'number' || typeof total !== 'number') return null
  return {
    // A newer worker may know more phases.
    phase: JOB_PHASES.find(known => known === phase) ?? 'rendering',
    step,
    total,
    held: held === true,
    kills: typeof kills === 'number' ? kills : 0,
    home: readHome(home),
  }
}

function readHome(home: unknown): RenderHome | null {
  if (!isRecord(home) || typeof home.hostId !== 'string') return null
  return { hostId: home.hostId, begun: home.begun === true }
}

function isRecord(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null
}
