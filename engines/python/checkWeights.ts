import type { Family } from '../../jobs/jobTypes.ts'
import { checkPart } from './weightFiles.ts'
import {
  fetchCommand,
  type WeightSet,
  type WeightSetName,
  type WeightSettings,
  weightSets,
} from './weights.ts'

export type WeightState = 'complete' | 'incomplete' | 'missing'

export interface WeightReport {
  name: WeightSetName
  title: string
  directory: string
  state: WeightState
  /** What is missing or broken, a file each. */
  problems: string[]
  bytes: number
  /** About what it has when it is whole. */
  expectedBytes: number
  /** Whether some job type cannot be rendered at all for the lack of it. */
  hinders: boolean
  /** Whether nothing is lost without it, as another set does its work. */
  spare: boolean
  without: string
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

/** VACE draws from text as well, and SDXL's checkpoint has a VAE of its own. */
const SPARE = new Set<WeightSetName>(['wan_2_1_t2v', 'sdxl_fp16_vae'])

/** Which weights are there, what is lost without the others, and the commands that fetch those. `hf`: the program to name in them. */
export async function checkWeights(settings: WeightSettings, hf = 'hf'): Promise<ModelsReport> {
  const found = await Promise.all(weightSets(settings).map(set => checkSet(set, hf)))
  const has = (name: WeightSetName) => found.some(set => set.name === name && set.state === 'complete')
  const families = {
    sdxl: has('lustify_sdxl'),
    wan: settings.wanCommand === null ? has('wan_2_1_vace') || has('wan_2_1_t2v') : has('wan_command_t2v'),
  }
  const hindering: Record<WeightSetName, boolean> = {
    lustify_sdxl: !families.sdxl,
    sdxl_ip_adapter: false,
    sdxl_fp16_vae: false,
    wan_2_1_vace: !families.wan,
    // VACE does its work too, so that is the one to fetch.
    wan_2_1_t2v: false,
    wan_command_t2v: !families.wan,
    wan_command_vace: false,
    prompt_enhancer: false,
  }
  const sets = found.map(set => {
    const hinders = set.state !== 'complete' && hindering[set.name]
    const without =
      set.name === 'wan_2_1_vace' && hinders ? 'WAN jobs wait for a machine that has it.' : set.without
    return { ...set, hinders, without, spare: SPARE.has(set.name) }
  })
  return { modelsDir: settings.modelsDir, sets, families, ok: families.sdxl && families.wan }
}

async function checkSet(set: WeightSet, hf: string): Promise<Omit<WeightReport, 'hinders' | 'spare'>> {
  const reports = await Promise.all(set.parts.map(part => checkPart(set.directory, part)))
  const problems = reports.flatMap(report => report.problems)
  const bytes = reports.reduce((sum, report) => sum + report.bytes, 0)
  return {
    name: set.name,
    title: set.title,
    directory: set.directory,
    state: problems.length === 0 ? 'complete' : bytes === 0 ? 'missing' : 'incomplete',
    problems,
    bytes,
    expectedBytes: set.parts.reduce((sum, part) => sum + ('bytes' in part ? part.bytes : 0), 0),
    without: set.without,
    command: fetchCommand(set, hf),
  }
}
