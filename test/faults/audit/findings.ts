/** What an audit can find fault with. */
export const RULES = {
  'evidence-missing': 'a witness could not be read, so that nothing is proved',
  'job-lost': 'a job that was accepted has no workflow',
  'job-unknown': 'somebody was told of, or Temporal ran, a job that nobody submitted',
  'not-ended': 'a workflow still runs',
  'callback-unreadable': 'the app took over a request that is no callback',
  'no-terminal': 'the app was never told how a job ended',
  'two-terminals': 'a job has more than one terminal event',
  contradicted: 'a terminal status was contradicted later',
  'event-changed': 'one event was delivered with two contents',
  'witnesses-disagree': 'Temporal and the app know different ends of a job',
  'failed-without-cause':
    'a job failed, and nothing that happened to it or was asked of it explains its code',
  'asset-missing': 'an asset or thumbnail of a completed job is not in the store, or was not told',
  'asset-damaged': 'an asset does not decode whole, or is not what was asked for or rendered',
  'asset-misplaced': 'an object lies outside the path of its job',
  'asset-orphaned': 'an object belongs to no completed job',
  'object-touched': 'an object that is no asset was changed or removed, or one was put beside it',
  'rendered-twice': 'a render was begun though a receipt existed, without a reason that allows it',
  'rendered-at-once': 'a render was begun while a living process was at it',
  'turn-shared': 'two jobs held one card',
  'turn-leaked': 'a job ended with the card in hand, or the card is held at the end',
  'slot-leaked': 'a lane keeps a job at the end, or takes none',
  'memory-leaked': 'memory is set aside for nobody at the end',
  'process-leaked': 'a process was left',
  'file-leaked': 'a file was left that nothing explains',
  idle: 'nothing happened to a job though nothing that it needed was down',
} as const

export type Rule = keyof typeof RULES

export interface Finding {
  rule: Rule
  jobId: string | null
  detail: string
}
