import { z } from 'zod'
import { spreadOf } from '../contest/figures/spread.ts'
import { machineSchema } from '../contest/report/machine.ts'

/** Each measured several times at a depth: ms of latency and of CPU, MiB, jobs a second. */
const depthSchema = z.object({
  waiting: z.number(),
  fillSeconds: z.number(),
  submitPerSecond: z.array(z.number()),
  serverMib: z.array(z.number()),
  controlMib: z.array(z.number()),
  gpuMib: z.array(z.number()),
  newcomerMs: z.array(z.number()),
  cpuMsPerJob: z.array(z.number()),
})
export type DepthFigures = z.infer<typeof depthSchema>

export const scaleSchema = z.object({
  machine: machineSchema,
  measuredOn: z.string(),
  few: depthSchema,
  many: depthSchema,
})
export type ScaleFigures = z.infer<typeof scaleSchema>

/** Flat: no worse than this much, at 10,000 against 100. */
export const FLAT = 0.2

const SCALE_ROWS = [
  { key: 'submitPerSecond', name: 'submitted a second', unit: '/s', better: 'more' },
  { key: 'serverMib', name: 'memory of the server', unit: 'MiB', better: 'less' },
  { key: 'controlMib', name: 'memory of the control worker', unit: 'MiB', better: 'less' },
  { key: 'gpuMib', name: 'memory of the GPU worker', unit: 'MiB', better: 'less' },
  { key: 'newcomerMs', name: 'latency of a newcomer', unit: 'ms', better: 'less' },
  { key: 'cpuMsPerJob', name: 'CPU of server and workers, a job', unit: 'ms', better: 'less' },
] as const

export interface ScaleRow {
  name: string
  unit: string
  few: number
  many: number
  /** Many ÷ few, of the medians. */
  ratio: number
  verdict: 'met' | 'missed'
}

/** What 10,000 waiting jobs do to each figure. */
export function scaleRows({ few, many }: ScaleFigures): ScaleRow[] {
  return SCALE_ROWS.map(({ key, name, unit, better }) => {
    const [before, after] = [spreadOf(few[key]).median, spreadOf(many[key]).median]
    const ratio = after / before
    const flat = better === 'more' ? ratio >= 1 - FLAT : ratio <= 1 + FLAT
    return { name, unit, few: before, many: after, ratio, verdict: flat ? 'met' : 'missed' }
  })
}
