import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const counts = z.record(z.string(), z.int())

const checkpointSchema = z.object({
  seed: z.int(),
  count: z.int(),
  round: z.int(),
  rounds: z.array(
    z.object({
      seed: z.int(),
      directory: z.string(),
      faults: z.int(),
      jobs: z.int(),
      seconds: z.number(),
      quiet: z.boolean(),
      kinds: counts,
      /** Faults whose moment came. */
      hit: z.int(),
      /** How jobs ended, and why renders were begun again, as the auditor counts them. */
      ended: counts,
      failed: counts,
      renders: z.int(),
      again: counts,
      /** Of them those of which a receipt had existed; absent in rounds that were audited before this was told apart. */
      againWithReceipt: counts.optional(),
      /** Milliseconds of all jobs, and of them what the rule `idle` could not look at; absent likewise. */
      idleness: z.object({ jobMs: z.number(), excusedMs: z.number(), neededMs: z.number() }).optional(),
      assets: z.int(),
      findings: z.array(z.string()),
    }),
  ),
})

/** What a run has come to, written after every round, so that a long one goes on after a break. */
export type Checkpoint = z.infer<typeof checkpointSchema>

const FILE = 'checkpoint.json'

export async function readCheckpoint(directory: string): Promise<Checkpoint | null> {
  const text = await readFile(join(directory, FILE), 'utf8').catch(() => null)
  return text === null ? null : checkpointSchema.parse(JSON.parse(text))
}

export async function writeCheckpoint(directory: string, checkpoint: Checkpoint): Promise<void> {
  const file = join(directory, FILE)
  await writeFile(`${file}.new`, `${JSON.stringify(checkpoint, null, 2)}\n`)
  await rename(`${file}.new`, file)
}
