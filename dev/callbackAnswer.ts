import { z } from 'zod'
import { isJobType, jobTypeRow } from '../jobs/jobTypes.ts'

const callbackSchema = z
  .object({
    job_id: z.guid(),
    status: z.enum(['processing', 'completed', 'failed']),
    assets: z.array(z.string().min(1)).optional(),
    error_message: z.string().optional(),
    enhancedPrompt: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).default({}),
  })
  .refine(body => body.status !== 'completed' || (body.assets?.length ?? 0) > 0, 'completed needs assets')
  .refine(body => body.status !== 'failed' || Boolean(body.error_message), 'failed needs error_message')

export type ReceivedCallback = z.infer<typeof callbackSchema>

export type ReadCallback = { ok: true; callback: ReceivedCallback } | { ok: false; problem: string }

/** Reads a callback's body as the app's function does: what lacks something that it needs is refused. */
export function readCallback(body: string): ReadCallback {
  try {
    const parsed = callbackSchema.safeParse(JSON.parse(body))
    if (parsed.success) return { ok: true, callback: parsed.data }
    const problems = parsed.error.issues.map(({ path, message }) =>
      [path.join('.'), message].join(' ').trim(),
    )
    return { ok: false, problem: problems.join('; ') }
  } catch {
    return { ok: false, problem: 'the body is not JSON' }
  }
}

/** The answer of the app's function to a callback that it has stored. The app knows the type from its own row; we, where a producer left it. */
export function acceptedAnswer({ job_id, status, assets, enhancedPrompt, metadata }: ReceivedCallback) {
  const type = isJobType(metadata.job_type) ? metadata.job_type : null
  const row = type === null ? null : jobTypeRow(type)
  return {
    success: true,
    message: 'Job callback processed successfully with standardized parameters',
    debug: {
      job_id,
      jobStatus: status,
      jobType: type,
      format: row?.medium ?? metadata.content_type ?? null,
      quality: type === null ? null : type.includes('high') ? 'high' : 'fast',
      isSDXL: row?.family === 'sdxl',
      isEnhanced: row?.enhance ?? enhancedPrompt !== undefined,
      assetsProcessed: assets?.length ?? 0,
      processingTimestamp: new Date().toISOString(),
    },
  }
}

/** It answers 400 for every error, its own ones too. */
export function refusedAnswer(error: string) {
  return { error, success: false, debug: { processingTimestamp: new Date().toISOString() } }
}
