import { checkWeights, type ModelsReport } from '../engines/python/checkWeights.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import type { Config } from '../runtime/config.ts'

/** Why no job of a lane can be rendered for want of its weights, as far as their files tell; null when some can. */
export type MissingWeights = (lane: Lane) => Promise<string | null>

/** Looks anew each time, as weights are fetched while a worker runs. Engines of other makes bring their own. */
export function createMissingWeights({ engine }: Pick<Config, 'engine'>): MissingWeights {
  /** Those who ask at once, as the lanes do, share one look. */
  let look: Promise<ModelsReport> | null = null
  return async lane => {
    // Without an enhancer a job is rendered with its original prompt.
    if (engine.kind !== 'diffusers' || lane === 'wan.enhance') return null
    look ??= checkWeights(engine).finally(() => {
      look = null
    })
    const { families, modelsDir } = await look
    const family = lane === 'sdxl' ? 'sdxl' : 'wan'
    return families[family]
      ? null
      : `weights are missing in ${modelsDir}: \`ourvidz models check\` says which, and what fetches them`
  }
}
