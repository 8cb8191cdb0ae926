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

/** The environment, completed by the running development stack where it does not name a Temporal server itself. */
export function withDevStack(env: Environment): Environment {
  if (env.TEMPORAL_ADDRESS) return env
  const stack = readDevStack(join(resolve(env.DATA_DIR || '.data'), 'dev.json'))
  if (stack === null || !isAlive(stack.pid)) return env
  return {
    ...env,
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_NAMESPACE: env.TEMPORAL_NAMESPACE || stack.namespace,
    TASK_QUEUE_PREFIX: env.TASK_QUEUE_PREFIX || stack.queuePrefix,
    TEMPORAL_UI_URL: env.TEMPORAL_UI_URL || stack.uiUrl,
    HOST_ID: env.HOST_ID || DEV_HOST_ID,
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
