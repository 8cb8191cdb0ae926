import { checkWeights, type ModelsReport } from '../engines/python/checkWeights.ts'
import { type Lane, laneRow } from '../jobs/jobTypes.ts'
import type { Config } from '../runtime/config.ts'

/** Why no job of a lane can be rendered for want of its weights, as far as their files tell; null when some can. */
export type MissingWeights = (lane: Lane) => Promise<{
  why: string
  /** None can: a file is not there, or not to its end. Of what is only small for its kind the program knows better. */
  certain: boolean
} | null>

/** Looks anew each time, as weights are fetched and replaced while a worker runs. Engines of other makes bring their own. */
export function createMissingWeights({ engine }: Pick<Config, 'engine'>): MissingWeights {
  /** Those who ask at once, as the lanes do, share one look. */
  let look: Promise<ModelsReport> | null = null
  return async lane => {
    // Without an enhancer a job is rendered with its original prompt.
    if (engine.kind !== 'diffusers' || lane === 'wan.enhance') return null
    const { family } = laneRow(lane)
    look ??= checkWeights(engine).finally(() => {
      look = null
    })
    const { families, sets, modelsDir } = await look
    if (families[family]) return null
    const certain = !sets.some(({ renders, whole }) => renders === family && whole)
    const what = certain ? 'missing or not whole' : 'smaller than expected'
    return {
      why: `weights are ${what} in ${modelsDir}: \`ourvidz models check\` says which, and what fetches them`,
      certain,
    }
  }
}
