import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { ConfigError } from './config.ts'

type Environment = Record<string, string | undefined>

/** The given environment over the `.env` file of a folder, if there is one. Entry files pass `process.env` and the working directory. */
export function readEnvironment(env: Environment, directory: string): Environment {
  return { ...readDotEnv(join(directory, '.env')), ...env }
}

function readDotEnv(file: string): Environment {
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {}
    throw new ConfigError(`cannot read ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
