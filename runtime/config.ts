import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { QUEUE_SAFE } from '../jobs/queues.ts'
import { cacheFolder } from './cacheFolder.ts'
import { encryptionKeysSchema, NO_ENCRYPTION } from './encryptionKeys.ts'

const flag = z.enum(['true', 'false', '1', '0']).transform(value => value === 'true' || value === '1')
const list = z.string().transform(value =>
  value
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== ''),
)
/** A program and its arguments, between spaces; no shell reads them, so words with spaces need the form of a JSON list. */
const words = z.string().transform((value, context) => {
  const list = value.trimStart().startsWith('[') ? parsedJson(value) : value.split(/\s+/).filter(Boolean)
  const read = z.array(z.string()).min(1).safeParse(list)
  if (read.success) return read.data
  context.addIssue('a program and its arguments, or a JSON list of them')
  return z.NEVER
})
/** Accelerations that change the pictures. */
const lossyNames = list.pipe(
  z.array(z.enum(['first-block-cache'], { error: 'names, separated by commas; known: first-block-cache' })),
)
const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine(value => !/^https?:\/\/[^/?#]*@/i.test(value), 'no user or password in it: fetch refuses those')
  .transform(value => value.replace(/\/+$/, ''))
const count = z.coerce.number().int().nonnegative()
const positive = z.coerce.number().positive()
/** Hours. A history holds 51,200 events, and a receiver that is down costs some 13 of them every quarter of an hour. */
const days = positive.max(30 * 24)
const queueSafe = z.string().regex(QUEUE_SAFE, 'letters, digits, - and _ only, 64 at most')

/**
 * Every variable that the programs read, with its default. docs/configuration.md is checked against this object:
 * a variable that is missing on either side fails the tests.
 */
export const environmentSchema = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
  DATA_DIR: z.string().default('.data'),
  XDG_CACHE_HOME: z.string().optional(),
  PATH: z.string().optional(),
  LD_LIBRARY_PATH: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),

  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^/\s]+:\d+$/, 'host:port')
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_API_KEY: z.string().min(1).optional(),
  TEMPORAL_TLS: flag.optional(),
  TEMPORAL_TLS_CA: z.string().optional(),
  TEMPORAL_TLS_CERT: z.string().optional(),
  TEMPORAL_TLS_KEY: z.string().optional(),
  TEMPORAL_UI_URL: httpUrl.optional(),
  TEMPORAL_CLI: z.string().optional(),
  TASK_QUEUE_PREFIX: queueSafe.or(z.literal('')).default(''),
  ENCRYPTION_KEYS: encryptionKeysSchema.optional(),
  CODEC_TOKEN: z.string().min(16, '16 characters or more').optional(),

  STORE: z.enum(['directory', 'supabase']).default('directory'),
  STORE_DIR: z.string().optional(),
  STORE_URL: httpUrl.default('http://127.0.0.1:8788'),
  STORE_SIGNING_KEY: z.string().min(16).optional(),
  SUPABASE_URL: httpUrl.optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().min(1).optional(),
  OUTPUT_BUCKETS: list.default([]),
  UPLOAD_TIMEOUT_SECONDS: positive.default(120),
  ASSET_URLS: z.enum(['path', 'signed', 'public']).default('path'),
  SIGNED_URL_SECONDS: positive.default(604_800),
  STAGING: z.enum(['directory', 'store']).default('directory'),
  STAGING_BUCKET: z.string().min(1).default('staging'),

  CALLBACK_URL: httpUrl.optional(),
  CALLBACK_TOKEN: z.string().min(1).optional(),
  CALLBACK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/=]{24,}$/, 'whsec_ and base64')
    .optional(),
  CALLBACK_TIMEOUT_SECONDS: positive.default(15),
  CALLBACK_RETRY_HOURS: days.default(72),
  METRICS_URL: httpUrl.optional(),

  REFERENCE_ALLOW_HOSTS: list.default([]),
  REFERENCE_TIMEOUT_SECONDS: positive.default(30),
  REFERENCE_MAX_MIB: positive.default(20),
  REFERENCE_MAX_MEGAPIXELS: positive.default(50),
  REFERENCE_LETTERBOX: flag.default(false),

  ENGINE: z.enum(['preview', 'diffusers', 'own']).default('preview'),
  ENGINE_COMMAND: words.optional(),
  PREVIEW_SPEED: z.coerce.number().nonnegative().default(0.02),
  PREVIEW_LOG: z.string().optional(),
  ENGINE_SILENCE_SECONDS: positive.default(120),
  ENGINE_STALL_SECONDS: positive.default(600),
  ENGINE_DEVICE: z.enum(['cuda', 'cpu']).default('cuda'),
  ENGINE_COMPILE: flag.default(true),
  ENGINE_LOSSY: lossyNames.default([]),
  ENHANCE_LIMIT_SECONDS: positive.default(60),
  MODELS_DIR: z.string().default('/workspace/models'),
  SDXL_CHECKPOINT: z.string().default('sdxl-lustify/lustifySDXLNSFWSFW_v20.safetensors'),
  WAN_COMMAND: z.string().optional(),
  WAN_COMMAND_PYTHON: z.string().default('python'),
  PREWARM: list.default(['lustify_sdxl', 'wan_2_1_1_3b']),
  PYTHON: z.string().optional(),
  CARD: z.enum(['rtx-6000-ada', '24gb', '80gb', 'own']).default('rtx-6000-ada'),
  CARD_UUID: z.string().optional(),
  CARD_NAME: z.string().optional(),
  CARD_MEMORY_MIB: count.optional(),
  CARD_MEMORY_LIMIT_MIB: z.coerce.number().int().positive().optional(),
  CARD_TURNS: z.enum(['block', 'job']).default('block'),
  CARD_TIME_SCALE: positive.default(1),
  NVIDIA_SMI: z.string().default('nvidia-smi'),
  FFMPEG: z.string().optional(),
  HOST_ID: queueSafe.optional(),
  SHUTDOWN_GRACE_SECONDS: positive.default(60),
  END_WITH_STDIN: flag.default(false),
  HEALTH_HOST: z.string().default('127.0.0.1'),
  CONTROL_HEALTH_PORT: count.default(9464),
  GPU_HEALTH_PORT: count.default(9465),

  HOST_LOST_SECONDS: positive.default(300),
  RECONCILE_SECONDS: positive.default(45),
  DEADLINE_FACTOR: positive.default(1),
  QUARANTINE_HOURS: days.default(72),
  TIME_SCALE: positive.default(1),
  STAGING_TTL_HOURS: positive.default(48),
  STAGING_MAX_GIB: positive.default(10),
  RENDER_TTL_HOURS: positive.default(72),
  RENDER_MAX_GIB: positive.default(50),
})

export type Environment = z.infer<typeof environmentSchema>

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

const CLIENT_VARIABLES = new Set<string>([
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CA',
  'TEMPORAL_TLS_CERT',
  'TEMPORAL_TLS_KEY',
  'TEMPORAL_UI_URL',
  'TASK_QUEUE_PREFIX',
  'ENCRYPTION_KEYS',
  'OUTPUT_BUCKETS',
] satisfies (keyof Environment)[])

/** What a program that submits jobs needs of the configuration. */
export interface ClientConfig extends Pick<Config, 'temporal' | 'encryption'> {
  store: Pick<Config['store'], 'outputBuckets'>
}

/**
 * The configuration of a program that uses the SDK. Only what concerns that is read: an app's own `NODE_ENV` or `LOG_LEVEL`
 * need not be what a worker's may be. Throws a {@link ConfigError}.
 */
export function parseClientConfig(env: Record<string, string | undefined>): ClientConfig {
  const known = Object.entries(env).filter(([name]) => CLIENT_VARIABLES.has(name))
  const { temporal, encryption, store } = parseConfig(Object.fromEntries(known))
  return { temporal, encryption, store: { outputBuckets: store.outputBuckets } }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A URL may carry a password, so it is not repeated either. */
function wrongValue(name: string, message: string, given: Record<string, string | undefined>): string {
  const held = /KEY|TOKEN|SECRET|URL/.test(name) ? '' : ` (it is "${given[name]}")`
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
