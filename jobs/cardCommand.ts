import type { LaneMode } from './cardStatus.ts'
import type { Lane } from './jobTypes.ts'

/** What an operator may ask of a card. Each gives its status; asked twice, it changes nothing more. */
export const CARD_COMMANDS = ['status', 'pause', 'resume', 'drain'] as const

export interface CardCommand {
  command: (typeof CARD_COMMANDS)[number]
  /** The lanes that it is about; none for `status`. */
  lanes: Lane[]
}

export const MODE_AFTER = {
  pause: 'paused',
  resume: 'open',
  drain: 'draining',
} as const satisfies Record<Exclude<CardCommand['command'], 'status'>, LaneMode>
