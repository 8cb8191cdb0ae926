import type { Preparation } from '../preparation.ts'

/** Of a worker whose program has been started and warmed up. */
export const PREPARED: Preparation = { isDone: () => true, onDone: () => () => {} }
