/** The host that a render is at. It is told by every heartbeat, so that an attempt on another host knows whom to ask first. */
export interface RenderHome {
  hostId: string
  /** Whether the render has had the card there: it may have its receipt. Otherwise it waits in line there. */
  begun: boolean
}

/** What the heartbeat details of an attempt tell of it; null where they name no home. */
export function homeIn(details: unknown): RenderHome | null {
  if (typeof details !== 'object' || details === null || !('home' in details)) return null
  const { home } = details
  if (typeof home !== 'object' || home === null || !('hostId' in home) || !('begun' in home)) return null
  return typeof home.hostId === 'string' ? { hostId: home.hostId, begun: home.begun === true } : null
}
