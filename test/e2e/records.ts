import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { CallbackBody } from '../../jobs/callback.ts'

const deliverySchema = z.object({
  jobId: z.string(),
  webhookId: z.string(),
  sequence: z.number(),
  body: z.string().transform((text): CallbackBody => JSON.parse(text)),
  processed: z.boolean(),
  answered: z.number(),
})
type KeptDelivery = z.infer<typeof deliverySchema>

/** Every callback of a job that the development stack has kept, in the order of arrival. */
export async function deliveriesOf(dataDir: string, jobId: string): Promise<KeptDelivery[]> {
  const lines = jsonLines(await readFile(join(dataDir, 'callbacks.jsonl'), 'utf8'))
  return lines.map(line => deliverySchema.parse(line)).filter(delivery => delivery.jobId === jobId)
}

/** The usage records that the development stack has kept. */
export async function usageRecords(dataDir: string): Promise<Record<string, unknown>[]> {
  const lines = jsonLines(await readFile(join(dataDir, 'usage.jsonl'), 'utf8'))
  return lines.map(line => z.record(z.string(), z.unknown()).parse(line))
}

const lineSchema = z.looseObject({ jobId: z.uuid(), status: z.string() })
export type JobLine = z.infer<typeof lineSchema>

/** What `--json` has written: the last line of each job. */
export function lastLines(stdout: string): Map<string, JobLine> {
  return new Map(
    jsonLines(stdout)
      .map(line => lineSchema.parse(line))
      .map(line => [line.jobId, line]),
  )
}

function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}
