import { type Config, parseConfig } from '../runtime/config.ts'
import { readEnvironment } from '../runtime/environment.ts'

export type Environment = Record<string, string | undefined>

/** The environment of this process over `.env`, for parts of the embedded stack that are started without being told one. */
export function ownEnvironment(): Environment {
  // biome-ignore lint/style/noProcessEnv: where the embedded stack reads it; everything else gets it handed in
  return readEnvironment(process.env, process.cwd())
}

export function ownConfig(): Config {
  return parseConfig(ownEnvironment())
}
