import { z } from 'zod'
import { machineSchema } from './contest/report/machine.ts'
import { type Legs, median, quantile } from './legs.ts'

export const overheadSchema = z.object({
  machine: machineSchema,
  measuredOn: z.string(),
  jobs: z.number(),
  rows: z.array(z.object({ leg: z.string(), p50: z.number(), p95: z.number(), max: z.number() })),
})
/** Ms of each leg of a job. */
export type OverheadFigures = z.infer<typeof overheadSchema>

export const OVERHEAD_GOAL_MS = 100
/** Sums, not legs. */
export const SUMS: readonly string[] = ['total', 'engine', 'overhead'] satisfies (keyof Legs)[]

export function legRows(samples: readonly Legs[]): OverheadFigures['rows'] {
  const [first] = samples
  if (first === undefined) return []
  const legs: (keyof Legs)[] = [
    ...(['total', 'engine', 'overhead', 'submit', 'plan', 'dispatchGenerate', 'aroundEngine'] as const),
    ...(['decideUpload', 'dispatchUpload', 'upload', 'decideCallback', 'dispatchCallback'] as const),
  ]
  return legs.map(leg => {
    const found = samples.map(sample => sample[leg])
    return { leg, p50: median(found), p95: quantile(found, 0.95), max: Math.max(...found) }
  })
}
