import { z } from 'zod'
import { QUEUE_SAFE } from '../jobs/queues.ts'
import { encryptionKeysSchema } from './encryptionKeys.ts'

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
/** The pauses of callbacks and of quarantine are such that a history holds a month of them. */
const hoursOfAMonth = positive.max(30 * 24)
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
  CALLBACK_RETRY_HOURS: hoursOfAMonth.default(72),
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
  QUARANTINE_HOURS: hoursOfAMonth.default(72),
  TIME_SCALE: positive.default(1),
  STAGING_TTL_HOURS: positive.default(96),
  STAGING_MAX_GIB: positive.default(10),
  RENDER_TTL_HOURS: positive.default(72),
  RENDER_MAX_GIB: positive.default(50),
})

export type Environment = z.infer<typeof environmentSchema>

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
