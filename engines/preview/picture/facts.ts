import type { RenderJob } from '../../protocol.ts'
import { fingerprint } from './random.ts'

export interface Fact {
  label: string
  value: string
}

/** The resolved parameters of a job, in the order in which a legend shows them. `seed` is the picture's own. */
export function factsOf(job: RenderJob, seed: number, lowMemory: boolean): Fact[] {
  const facts: Fact[] = [
    { label: 'MODEL', value: job.model },
    { label: 'SIZE', value: `${job.width} × ${job.height}` },
    { label: 'SEED', value: String(seed) },
    { label: 'STEPS', value: String(job.steps) },
    { label: 'GUIDANCE', value: short(job.guidance) },
    { label: 'SOLVER', value: job.solver },
    { label: 'SHIFT', value: short(job.shift) },
    { label: 'FRAMES', value: job.frames === 1 ? '1' : `${job.frames} at ${job.fps} fps` },
    { label: 'REFERENCE', value: referenceOf(job) },
  ]
  if (job.referenceType !== null) facts.push({ label: 'STRENGTH', value: short(job.referenceStrength ?? 1) })
  if (lowMemory) facts.push({ label: 'MEMORY', value: 'low' })
  return facts
}

/** Eight hex digits that differ when anything that shapes this one picture differs, texts too long for a legend included. */
export function fingerprintOf(job: RenderJob, seed: number): string {
  const { images, references, expectedSeconds, simulate, ...shaping } = job
  return fingerprint({ ...shaping, seed })
}

function referenceOf({ referenceMode, referenceType, referenceStrength }: RenderJob): string {
  if (referenceMode === 'none') return 'none'
  return `${referenceMode} · ${referenceType ?? short(referenceStrength ?? 1)}`
}

function short(value: number): string {
  return String(Math.round(value * 1000) / 1000)
}
