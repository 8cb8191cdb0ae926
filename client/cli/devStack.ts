import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { localTemporal } from '../../runtime/localTemporal.ts'

/** What `ourvidz dev` writes about itself, so that other commands find it on whatever ports were free. */
const devStackSchema = z.object({
  temporalAddress: z.string(),
  namespace: z.string().default('default'),
  queuePrefix: z.string().default(''),
  uiUrl: z.url().optional(),
  pid: z.number().int().positive(),
})

/** Of the stack's one GPU worker. */
const DEV_HOST_ID = 'dev'

type Environment = Record<string, string | undefined>

/**
 * The environment, with the running development stack's Temporal where it names no server itself. All that goes with a server
 * is the stack's then: a `.env` beside it may be that of a real installation.
 */
export function withDevStack(env: Environment): Environment {
  if (env.TEMPORAL_ADDRESS) return env
  const stack = readDevStack(join(resolve(env.DATA_DIR || '.data'), 'dev.json'))
  if (stack === null || !isAlive(stack.pid)) return env
  return {
    ...env,
    ...localTemporal({ ...stack, address: stack.temporalAddress }),
    TEMPORAL_UI_URL: stack.uiUrl,
    HOST_ID: DEV_HOST_ID,
  }
}

function readDevStack(path: string): z.infer<typeof devStackSchema> | null {
  try {
    return devStackSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
