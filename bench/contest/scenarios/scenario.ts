import type { Arrival } from '../contract.ts'

/** Which systems a scenario is run with, in the order of its tables. */
export const CONTENDERS = ['loop warm', 'loop cold', 'bullmq', 'ours'] as const
export type ContenderName = (typeof CONTENDERS)[number]

export interface Scenario {
  name: ScenarioName
  /** As a heading and a plot show it. */
  title: string
  contenders: readonly ContenderName[]
  /** The same arrivals for the same seed, whoever is measured. Times are already scaled. */
  arrivals(options: { seed: number; scale: number }): Arrival[]
}

export const SCENARIOS = [
  'backlog-sdxl',
  'backlog-mix',
  'wan-images-among-videos',
  'wan-images-idle',
  'sdxl-images-among-videos',
  'sdxl-images-idle',
  'poisson-70',
  'poisson-90',
  'flood',
] as const
export type ScenarioName = (typeof SCENARIOS)[number]
