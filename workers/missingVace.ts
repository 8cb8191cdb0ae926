import { checkWeights } from '../engines/python/checkWeights.ts'
import type { JobPlan } from '../jobs/plan.ts'
import type { Config } from '../runtime/config.ts'

/** Why a WAN job cannot be rendered with its reference on this machine, as far as a look at the files tells; null when it can. */
export type MissingVace = (plan: Pick<JobPlan, 'reference'>) => Promise<string | null>

export function createMissingVace({ engine }: Pick<Config, 'engine'>): MissingVace {
  return async ({ reference: { mode, fallback } }) => {
    if (engine.kind !== 'diffusers' || mode === 'none' || fallback) return null
    const name = engine.wanCommand === null ? 'wan_2_1_vace' : 'wan_command_vace'
    const vace = (await checkWeights(engine)).sets.find(set => set.name === name)
    if (vace?.state !== 'missing') return null
    return `a reference needs VACE, which is not installed; it is fetched by: ${vace.command}`
  }
}
