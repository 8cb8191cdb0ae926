import { KILLS } from './kills.ts'
import type { FaultKind } from './kind.ts'
import { MACHINES } from './machines.ts'
import { MOMENTS } from './moments.ts'
import { OUTAGES } from './outages.ts'
import { RESTARTS } from './restarts.ts'
import { WISHED } from './wishes.ts'

export const FAULT_KINDS: readonly FaultKind[] = [
  ...KILLS,
  ...MOMENTS,
  ...RESTARTS,
  ...OUTAGES,
  ...MACHINES,
  ...WISHED,
]

/** Of those that hurt most: for short runs. */
const DANGEROUS = new Set([
  'kill-control',
  'kill-engine',
  'kill-temporal',
  ...MOMENTS.map(({ name }) => name),
  'restart-impatient',
  'store-answer-lost',
  'receiver-answer-lost',
  'disk-full',
  'temporal-away',
])

export const DANGEROUS_KINDS: readonly FaultKind[] = FAULT_KINDS.filter(({ name }) => DANGEROUS.has(name))
