import { localTemporal } from '../runtime/localTemporal.ts'
import type { Environment } from './environment.ts'
import type { StackAddresses } from './stackAddresses.ts'

/** The bearer token that workers of an embedded stack send and its receiver expects. */
export const CALLBACK_TOKEN = 'development'
/** Rendering goes on after the next start, so Ctrl-C need not wait for it. */
const GRACE_SECONDS = 3

/**
 * What is set for the workers of an embedded stack, over the environment. Nothing leads out of the stack: a `.env` that
 * names a real Temporal, Supabase project or callback address has no effect here.
 */
export function stackEnvironment(
  given: Environment,
  stack: Omit<StackAddresses, 'pid'> & { dataDir: string; metricsUrl: string; previewSpeed: number },
): Record<string, string> {
  const allowHosts = [given.REFERENCE_ALLOW_HOSTS ?? '', new URL(stack.storeUrl).host]
  return {
    NODE_ENV: 'development',
    DATA_DIR: stack.dataDir,
    ...localTemporal({ address: stack.temporalAddress, namespace: stack.namespace }),
    ENCRYPTION_KEYS: given.ENCRYPTION_KEYS ?? '',
    STORE: 'directory',
    STORE_DIR: '',
    STORE_URL: stack.storeUrl,
    STAGING: 'directory',
    ASSET_URLS: 'path',
    SUPABASE_URL: '',
    SUPABASE_SERVICE_ROLE_KEY: '',
    CALLBACK_URL: stack.callbackUrl,
    CALLBACK_TOKEN,
    METRICS_URL: stack.metricsUrl,
    REFERENCE_ALLOW_HOSTS: allowHosts.filter(host => host !== '').join(','),
    PREVIEW_SPEED: String(stack.previewSpeed),
    HOST_ID: 'dev',
    HEALTH_HOST: '127.0.0.1',
    CONTROL_HEALTH_PORT: String(stack.controlHealthPort),
    GPU_HEALTH_PORT: String(stack.gpuHealthPort),
    SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS),
    END_WITH_STDIN: 'true',
  }
}
