import { z } from 'zod'
import type { Received } from './evidence.ts'

const bodySchema = z.object({
  job_id: z.string(),
  status: z.string(),
  assets: z.array(z.string()).optional(),
  metadata: z
    .looseObject({ error_type: z.string().optional(), thumbnails: z.array(z.string()).optional() })
    .default({}),
})

/** One request that the app took over. */
export interface Callback {
  at: number
  jobId: string
  /** `webhook-id`; the status where there is none. */
  eventId: string
  status: string
  terminal: boolean
  assets: string[]
  thumbnails: string[]
  errorType: string | null
  /** Where its reference pictures are, as it repeats them. */
  references: string[]
  /** As it came. */
  body: string
}

/** What the app was told, in the order in which it heard it. null for a body that is no callback. */
export function readCallback({ at, headers, body }: Received): Callback | null {
  const parsed = bodySchema.safeParse(jsonOf(body))
  if (!parsed.success) return null
  const { job_id: jobId, status, assets = [], metadata } = parsed.data
  return {
    ...{ at, jobId, status, assets, body },
    eventId: headers['webhook-id'] ?? status,
    terminal: status === 'completed' || status === 'failed',
    thumbnails: metadata.thumbnails ?? [],
    errorType: metadata.error_type ?? null,
    references: Object.entries(metadata).flatMap(([name, value]) =>
      /^(reference_image|start_reference|end_reference)_url$/.test(name) && typeof value === 'string'
        ? [value]
        : [],
    ),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
