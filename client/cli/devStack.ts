import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'

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
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_NAMESPACE: stack.namespace,
    TEMPORAL_API_KEY: '',
    TEMPORAL_TLS: 'false',
    TEMPORAL_TLS_CA: '',
    TEMPORAL_TLS_CERT: '',
    TEMPORAL_TLS_KEY: '',
    TEMPORAL_UI_URL: stack.uiUrl,
    TASK_QUEUE_PREFIX: stack.queuePrefix,
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
