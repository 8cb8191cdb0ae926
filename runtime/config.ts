import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { cacheFolder } from './cacheFolder.ts'
import { NO_ENCRYPTION } from './encryptionKeys.ts'
import { type Environment, environmentSchema } from './environmentSchema.ts'

/**
 * The configuration of every program, parsed once and frozen. Names tell their units. Folders, the checkpoint and the
 * preview's log are absolute paths; other files and programs are as they were given.
 */
export type Config = ReturnType<typeof toConfig>

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Parses an environment. Throws one {@link ConfigError} that names every wrong variable, what it held and what it may hold. */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = environmentSchema.safeParse(given)
  if (!parsed.success) {
    const lines = parsed.error.issues.map(issue => wrongValue(String(issue.path[0]), issue.message, given))
    throw new ConfigError(`The environment is not valid:\n  ${lines.join('\n  ')}`)
  }
  const missing = missingVariables(parsed.data)
  if (missing.length > 0) throw new ConfigError(`The environment is not valid:\n  ${missing.join('\n  ')}`)
  const config = toConfig(parsed.data)
  for (const section of Object.values(config)) Object.freeze(section)
  return Object.freeze(config)
}

/** A URL may carry a password, and a command a key among its arguments, so they are not repeated either. */
function wrongValue(name: string, message: string, given: Record<string, string | undefined>): string {
  const held = /KEY|TOKEN|SECRET|URL|COMMAND/.test(name) ? '' : ` (it is "${given[name]}")`
  return `${name}: ${message}${held}`
}

function missingVariables(env: Environment): string[] {
  const missing: string[] = []
  if (env.STORE === 'supabase') {
    if (!env.SUPABASE_URL) missing.push('SUPABASE_URL: needed when STORE=supabase')
    if (!env.SUPABASE_SERVICE_ROLE_KEY) missing.push('SUPABASE_SERVICE_ROLE_KEY: needed when STORE=supabase')
  }
  if (Boolean(env.TEMPORAL_TLS_CERT) !== Boolean(env.TEMPORAL_TLS_KEY)) {
    missing.push('TEMPORAL_TLS_CERT, TEMPORAL_TLS_KEY: one needs the other')
  }
  if (env.STORE === 'directory' && env.NODE_ENV === 'production' && !env.STORE_SIGNING_KEY) {
    missing.push('STORE_SIGNING_KEY: needed in production when STORE=directory, 16 characters or more')
  }
  for (const name of ['TIME_SCALE', 'CARD_TIME_SCALE'] as const) {
    if (env.NODE_ENV === 'production' && env[name] !== 1) missing.push(`${name}: only for tests`)
  }
  if (env.ASSET_URLS === 'signed' && env.SIGNED_URL_SECONDS < env.CALLBACK_RETRY_HOURS * 3600) {
    missing.push('SIGNED_URL_SECONDS: no shorter than CALLBACK_RETRY_HOURS, when ASSET_URLS=signed')
  }
  if (env.ENGINE === 'own' && !env.ENGINE_COMMAND) missing.push('ENGINE_COMMAND: needed when ENGINE=own')
  return missing
}

/** The service key opens the whole project, so no other server gets it. */
function serviceKeyFor(url: string | null, env: Environment): string | null {
  if (url === null || env.SUPABASE_URL === undefined) return null
  const isOfProject = new URL(url).origin === new URL(env.SUPABASE_URL).origin
  return isOfProject ? (env.SUPABASE_SERVICE_ROLE_KEY ?? null) : null
}

function toConfig(env: Environment) {
  const dataDir = resolve(env.DATA_DIR)
  const timeScale = env.TIME_SCALE
  const secondsMs = (count: number) => Math.max(1, Math.round(count * 1000 * timeScale))
  const hoursMs = (count: number) => secondsMs(count * 3600)
  const callbackUrl =
    env.CALLBACK_URL ?? (env.SUPABASE_URL ? `${env.SUPABASE_URL}/functions/v1/job-callback` : null)
  return {
    production: env.NODE_ENV === 'production',
    dataDir,
    cacheDir: cacheFolder({ XDG_CACHE_HOME: env.XDG_CACHE_HOME }),
    logLevel: env.LOG_LEVEL,
    temporal: {
      address: env.TEMPORAL_ADDRESS,
      namespace: env.TEMPORAL_NAMESPACE,
      apiKey: env.TEMPORAL_API_KEY ?? null,
      tls: env.TEMPORAL_TLS ?? Boolean(env.TEMPORAL_API_KEY ?? env.TEMPORAL_TLS_CA ?? env.TEMPORAL_TLS_CERT),
      tlsCaFile: env.TEMPORAL_TLS_CA ?? null,
      tlsCertFile: env.TEMPORAL_TLS_CERT ?? null,
      tlsKeyFile: env.TEMPORAL_TLS_KEY ?? null,
      uiUrl: env.TEMPORAL_UI_URL ?? null,
      cli: env.TEMPORAL_CLI ?? null,
      queuePrefix: env.TASK_QUEUE_PREFIX,
    },
    encryption: env.ENCRYPTION_KEYS ?? NO_ENCRYPTION,
    codecToken: env.CODEC_TOKEN ?? null,
    store: {
      kind: env.STORE,
      directory: resolve(env.STORE_DIR ?? join(dataDir, 'store')),
      url: env.STORE_URL,
      signingKey: env.STORE_SIGNING_KEY ?? 'development-signing-key',
      supabaseUrl: env.SUPABASE_URL ?? null,
      supabaseKey: env.SUPABASE_SERVICE_ROLE_KEY ?? null,
      outputBuckets: env.OUTPUT_BUCKETS,
      uploadTimeoutMs: secondsMs(env.UPLOAD_TIMEOUT_SECONDS),
      assetUrls: env.ASSET_URLS,
      signedUrlSeconds: env.SIGNED_URL_SECONDS,
    },
    staging: {
      kind: env.STAGING,
      directory: join(dataDir, 'staging'),
      bucket: env.STAGING_BUCKET,
      ttlMs: hoursMs(env.STAGING_TTL_HOURS),
      maxBytes: env.STAGING_MAX_GIB * 2 ** 30,
    },
    renders: {
      directory: join(dataDir, 'renders'),
      ttlMs: hoursMs(env.RENDER_TTL_HOURS),
      maxBytes: env.RENDER_MAX_GIB * 2 ** 30,
    },
    callback: {
      url: callbackUrl,
      token: env.CALLBACK_TOKEN ?? serviceKeyFor(callbackUrl, env),
      secret: env.CALLBACK_SECRET ?? null,
      timeoutMs: secondsMs(env.CALLBACK_TIMEOUT_SECONDS),
      retryMs: hoursMs(env.CALLBACK_RETRY_HOURS),
    },
    metricsUrl: env.METRICS_URL ?? null,
    references: {
      allowHosts: env.REFERENCE_ALLOW_HOSTS,
      timeoutMs: secondsMs(env.REFERENCE_TIMEOUT_SECONDS),
      maxBytes: env.REFERENCE_MAX_MIB * 2 ** 20,
      maxPixels: env.REFERENCE_MAX_MEGAPIXELS * 1_000_000,
      letterbox: env.REFERENCE_LETTERBOX,
    },
    engine: {
      kind: env.ENGINE,
      command: env.ENGINE_COMMAND ?? null,
      previewSpeed: env.PREVIEW_SPEED,
      previewLog: env.PREVIEW_LOG === undefined ? null : resolve(env.PREVIEW_LOG),
      silenceMs: secondsMs(env.ENGINE_SILENCE_SECONDS),
      stallMs: secondsMs(env.ENGINE_STALL_SECONDS),
      ffmpeg: env.FFMPEG ?? null,
      device: env.ENGINE_DEVICE,
      // A CPU's compiler wins nothing for tiny models, and takes a minute for each.
      compile: env.ENGINE_COMPILE && env.ENGINE_DEVICE === 'cuda',
      lossy: env.ENGINE_LOSSY,
      enhanceLimitMs: secondsMs(env.ENHANCE_LIMIT_SECONDS),
      modelsDir: resolve(env.MODELS_DIR),
      sdxlCheckpoint: resolve(env.MODELS_DIR, env.SDXL_CHECKPOINT),
      wanCommand: env.WAN_COMMAND ?? null,
      wanCommandPython: env.WAN_COMMAND_PYTHON,
      prewarm: env.PREWARM,
      python: env.PYTHON ?? null,
      path: env.PATH ?? '',
      libraryPath: env.LD_LIBRARY_PATH ?? null,
      home: homedir(),
    },
    card: {
      profile: env.CARD,
      uuid: env.CARD_UUID ?? null,
      name: env.CARD_NAME ?? null,
      memoryMiB: env.CARD_MEMORY_MIB ?? null,
      memoryLimitMiB: env.CARD_MEMORY_LIMIT_MIB ?? null,
      turns: env.CARD_TURNS,
      timeScale: env.CARD_TIME_SCALE,
      nvidiaSmi: env.NVIDIA_SMI,
    },
    hostId:
      env.HOST_ID ??
      (hostname()
        .replace(/[^A-Za-z0-9_-]/g, '-')
        .slice(0, 64) ||
        'host'),
    shutdownGraceMs: secondsMs(env.SHUTDOWN_GRACE_SECONDS),
    endWithStdin: env.END_WITH_STDIN,
    health: { host: env.HEALTH_HOST, controlPort: env.CONTROL_HEALTH_PORT, gpuPort: env.GPU_HEALTH_PORT },
    hostLostMs: secondsMs(env.HOST_LOST_SECONDS),
    reconcileMs: secondsMs(env.RECONCILE_SECONDS),
    deadlineFactor: env.DEADLINE_FACTOR * timeScale,
    quarantineMs: hoursMs(env.QUARANTINE_HOURS),
    /** Every other time limit, pause and interval of the pipeline is multiplied by it; those above are already. */
    timeScale,
  } as const
}
