import { CUT_OFFS } from './cutOffs.ts'
import { KILLS } from './kills.ts'
import type { FaultKind } from './kind.ts'
import { MACHINES } from './machines.ts'
import { MOMENTS } from './moments.ts'
import { OUTAGES } from './outages.ts'
import { REFERENCES } from './references.ts'
import { RESTARTS } from './restarts.ts'
import { WISHED } from './wishes.ts'

export const FAULT_KINDS: readonly FaultKind[] = [
  ...KILLS,
  ...MOMENTS,
  ...RESTARTS,
  ...OUTAGES,
  ...CUT_OFFS,
  ...REFERENCES,
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
  'cut-off-from-temporal',
])

export const DANGEROUS_KINDS: readonly FaultKind[] = FAULT_KINDS.filter(({ name }) => DANGEROUS.has(name))
