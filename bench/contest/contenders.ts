import { bullmq } from './bullmq/contender.ts'
import type { Contender } from './contract.ts'
import { createLoop } from './loop/contender.ts'
import { createOurs } from './ours.ts'

/** Everybody that takes part, by the name that tables show. */
export const CONTENDERS = {
  'loop warm': createLoop({ warm: true }),
  'loop cold': createLoop({ warm: false }),
  bullmq,
  ours: createOurs(),
} as const satisfies Record<string, Contender>
