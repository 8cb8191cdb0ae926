import { isModelId, type ModelId } from '../gpu/models.ts'
import { type Config, ConfigError } from '../runtime/config.ts'

/** Models that WAN's own program loads in each job's process, and the inference program must not load too. */
const LOADED_BY_WAN_COMMAND: ReadonlySet<ModelId> = new Set(['wan_2_1_1_3b', 'umt5_xxl'])

/** The models that the program is told to load before there are jobs. Throws `ConfigError` for one that nobody knows. */
export function modelsToPrewarm({ engine }: Pick<Config, 'engine'>): ModelId[] {
  const unknown = engine.prewarm.filter(model => !isModelId(model))
  if (unknown.length > 0) throw new ConfigError(`PREWARM: no such model: ${unknown.join(', ')}`)
  const byCommand = isWanByCommand({ engine })
  return engine.prewarm.filter(isModelId).filter(model => !(byCommand && LOADED_BY_WAN_COMMAND.has(model)))
}

/** Whether WAN jobs are rendered by a command line, which only the diffusers engine can have done. */
export function isWanByCommand({ engine }: Pick<Config, 'engine'>): boolean {
  return engine.kind === 'diffusers' && engine.wanCommand !== null
}

/** Those of them that a render for nobody compiles: only the diffusers engine does. */
export function modelsToWarmUp({ engine }: Pick<Config, 'engine'>): ModelId[] {
  return engine.kind === 'diffusers' && engine.compile ? modelsToPrewarm({ engine }) : []
}
