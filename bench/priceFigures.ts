import { z } from 'zod'
import { spreadOf } from './contest/figures/spread.ts'
import { machineSchema } from './contest/report/machine.ts'

export const SETTINGS = ['plain', 'encrypted', 'metrics scraped', 'encrypted, metrics scraped'] as const
export type Setting = (typeof SETTINGS)[number]

const spreadSchema = z.object({ median: z.number(), min: z.number(), max: z.number() })

export const priceSchema = z.object({
  machine: machineSchema,
  measuredOn: z.string(),
  repeats: z.number(),
  jobsEach: z.number(),
  rows: z.array(
    z.object({
      setting: z.enum(SETTINGS),
      /** p50 of the overhead, over the repeats. */
      overheadMs: spreadSchema,
      /** Against the plain runs of the same repeat. */
      ratio: spreadSchema,
    }),
  ),
})
export type PriceFigures = z.infer<typeof priceSchema>

export const PRICE_GOAL = 1.1

/** The medians of each repeat, by setting, as figures. */
export function priceRows(repeats: readonly Record<Setting, number>[]): PriceFigures['rows'] {
  return SETTINGS.map(setting => ({
    setting,
    overheadMs: spreadOf(repeats.map(repeat => repeat[setting])),
    ratio: spreadOf(repeats.map(repeat => repeat[setting] / repeat.plain)),
  }))
}
