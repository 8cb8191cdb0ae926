import { checkWeights, type ModelsReport } from '../engines/python/checkWeights.ts'
import { type Family, type Lane, laneRow } from '../jobs/jobTypes.ts'
import type { Config } from '../runtime/config.ts'

/** Why no job of a lane can be rendered for want of its weights, as far as their files tell; null when some can. */
export type MissingWeights = (lane: Lane) => Promise<{
  why: string
  /** Not a byte of them is there. Of what is broken or small for its kind the program knows better whether it can be used. */
  all: boolean
} | null>

/** What was there is taken to be there for so long: a look parses megabytes of JSON. */
const KEPT_MS = 60_000

/** Looks anew until they are there, as weights are fetched while a worker runs. Engines of other makes bring their own. */
export function createMissingWeights({ engine }: Pick<Config, 'engine'>): MissingWeights {
  /** Those who ask at once, as the lanes do, share one look. */
  let look: Promise<ModelsReport> | null = null
  const thereAtMs = new Map<Family, number>()
  return async lane => {
    // Without an enhancer a job is rendered with its original prompt.
    if (engine.kind !== 'diffusers' || lane === 'wan.enhance') return null
    const { family } = laneRow(lane)
    if (performance.now() - (thereAtMs.get(family) ?? -Infinity) < KEPT_MS) return null
    look ??= checkWeights(engine).finally(() => {
      look = null
    })
    const { families, sets, modelsDir } = await look
    if (families[family]) {
      thereAtMs.set(family, performance.now())
      return null
    }
    const all = sets.filter(({ renders }) => renders === family).every(({ state }) => state === 'missing')
    const why = `weights are missing in ${modelsDir}: \`ourvidz models check\` says which, and what fetches them`
    return { why, all }
  }
}
