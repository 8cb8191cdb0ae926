import type { Family } from '../../jobs/jobTypes.ts'
import { checkPart } from './weightFiles.ts'
import { fetchCommand, type WeightSet, type WeightSettings, weightSets } from './weights.ts'

export type WeightState = 'complete' | 'incomplete' | 'missing'

export interface WeightReport
  extends Pick<WeightSet, 'name' | 'title' | 'renders' | 'spare' | 'directory' | 'without'> {
  state: WeightState
  /** Every file of it can be read to its last byte. `complete` says also that none is too small for what it should be. */
  whole: boolean
  /** What is missing or broken, a file each. */
  problems: string[]
  bytes: number
  /** About what it has when it is whole. */
  expectedBytes: number
  /** Whether some job type cannot be rendered at all for the lack of it. */
  hinders: boolean
  command: string
}

export interface ModelsReport {
  modelsDir: string
  sets: WeightReport[]
  /** The families whose job types can be rendered. */
  families: Record<Family, boolean>
  /** Whether all can. */
  ok: boolean
}

/** Which weights are there, what is lost without the others, and the commands that fetch those. `hf`: the program to name in them. */
export async function checkWeights(settings: WeightSettings, hf = 'hf'): Promise<ModelsReport> {
  const found = await Promise.all(weightSets(settings).map(set => checkSet(set, hf)))
  const can = (family: Family) => found.some(set => set.renders === family && set.state === 'complete')
  const families = { sdxl: can('sdxl'), wan: can('wan') }
  const sets = found.map(set => {
    const hinders = set.renders !== null && !families[set.renders] && !set.spare
    const without =
      set.name === 'wan_2_1_vace' && hinders ? 'WAN jobs wait for a machine that has it.' : set.without
    const others = found.filter(other => other.name !== set.name && other.renders === set.renders)
    const spare = set.spare && (set.renders === null || others.some(other => other.state === 'complete'))
    return { ...set, hinders, without, spare }
  })
  return { modelsDir: settings.modelsDir, sets, families, ok: families.sdxl && families.wan }
}

async function checkSet(set: WeightSet, hf: string): Promise<Omit<WeightReport, 'hinders'>> {
  const reports = await Promise.all(set.parts.map(part => checkPart(set.directory, part)))
  const problems = reports.flatMap(report => report.problems)
  const bytes = reports.reduce((sum, report) => sum + report.bytes, 0)
  return {
    ...{ name: set.name, title: set.title, directory: set.directory },
    ...{ renders: set.renders, spare: set.spare, without: set.without },
    state: problems.length === 0 ? 'complete' : bytes === 0 ? 'missing' : 'incomplete',
    whole: reports.every(({ whole }) => whole),
    problems,
    bytes,
    expectedBytes: set.parts.reduce((sum, part) => sum + ('bytes' in part ? part.bytes : 0), 0),
    command: fetchCommand(set, hf),
  }
}
