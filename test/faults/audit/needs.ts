import type { Interval } from './interval.ts'
import type { ActivityRecord } from './workflow.ts'

/** What a job depends on in a stretch of its time. */
export interface Needs {
  /** Names of faults' `down`, hosts apart. */
  services: string[]
  /** Whether a control worker has an attempt of it, which is heard of no more if the worker dies. */
  control: boolean
  /** Whether a card has to be had. */
  card: boolean
  /** Hosts whose queue it waits in. */
  hosts: string[]
}

const ALWAYS = ['temporal', 'control']
/** Beside the work: a receiver that is down must not excuse a render that nobody begins. */
const BESIDE = new Set(['sendCallback', 'recordUsage'])

/** The activities that were open for the whole of a stretch; those beside the work only if there is no other. */
export function openIn(activities: readonly ActivityRecord[], [from, to]: Interval): ActivityRecord[] {
  const open = activities.filter(
    ({ scheduledMs, closedMs }) => scheduledMs <= from && (closedMs === null || closedMs >= to),
  )
  const main = open.filter(({ name }) => !BESIDE.has(name))
  return main.length > 0 ? main : open
}

/** Whose queue it is, if it is that of a host or of its uploads, which nobody else serves. */
export function hostOfQueue(queue: string): string | undefined {
  return /(?:^|\.)(?:host|uploads)\.([^.]+)$/.exec(queue)?.[1]
}

/** The activities that a host's program works for. */
export const CARD = new Set(['generate', 'enhancePrompt'])

export function needsOf(open: readonly ActivityRecord[]): Needs {
  const needs: Needs = { services: [...ALWAYS], control: false, card: false, hosts: [] }
  // Between two activities there are the workflow's own pauses, most of them for the receiver.
  if (open.length === 0) needs.services.push('receiver')
  for (const { name, queue } of open) {
    const host = hostOfQueue(queue)
    if (host !== undefined) needs.hosts.push(host)
    else if (!CARD.has(name)) needs.control = true
    switch (name) {
      case 'fetchReferences':
      case 'preprocessFrames':
        needs.services.push('references', 'store')
        break
      case 'generate':
      case 'enhancePrompt':
        // Prepared references may lie in the store.
        needs.services.push('store')
        needs.card = true
        break
      case 'uploadAssets':
      case 'removeAssets':
        needs.services.push('store')
        break
      case 'sendCallback':
      case 'recordUsage':
        needs.services.push('receiver')
        break
      default:
        break
    }
  }
  return needs
}
