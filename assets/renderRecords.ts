import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { RenderReceipt, UploadedAsset } from '../jobs/receipt.ts'
import { SHA256 } from '../jobs/sha256.ts'
import { diskFull, errorCode } from './atomicFile.ts'
import { syncToDisk } from './syncToDisk.ts'

const count = z.int().nonnegative()
const amount = z.number().nonnegative()
const sha256 = z.string().regex(SHA256)

export const receiptSchema = z.object({
  host: z.string(),
  jobId: z.string(),
  planHash: sha256,
  seed: count,
  files: z.array(
    z.object({
      index: count,
      file: z.string(),
      thumbnail: z.string(),
      sha256,
      bytes: count,
      contentType: z.enum(['image/png', 'video/mp4']),
      seed: count,
      width: count,
      height: count,
      frames: count,
    }),
  ),
  timings: z.object({ waitMs: amount, loadMs: amount, cardMs: amount, encodeMs: amount, totalMs: amount }),
  memory: z.object({ peakMiB: amount, totalMiB: amount }).nullable(),
  engine: z.object({
    name: z.string(),
    version: z.string(),
    device: z.string(),
    referenceMethod: z.string().nullable(),
  }),
}) satisfies z.ZodType<RenderReceipt>

export const uploadSchema = z.object({
  by: z.string(),
  assets: z.array(
    z.object({
      index: count,
      path: z.string(),
      thumbnailPath: z.string(),
      url: z.string().nullable(),
      thumbnailUrl: z.string().nullable(),
      bytes: count,
    }),
  ),
}) satisfies z.ZodType<{ assets: UploadedAsset[] }>

/**
 * Who renders, or rendered. `owner` is null once the attempt is over; `instance` tells two stores of one process apart.
 * `kills` counts the attempts of its `round` that killed their program: those before it, and itself once it is over.
 */
export const beganSchema = z.object({
  owner: z.object({ pid: z.int(), born: z.string(), instance: z.string() }).nullable(),
  at: z.string(),
  round: count,
  kills: count,
  /** Whether it has had the card. */
  held: z.boolean(),
})
export type BeganMark = z.infer<typeof beganSchema>

/** Reads a record. null if it is not there or not whole, which after a crash is the same. */
export async function readRecord<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError)
      return null
    throw error
  }
}

/** Writes a record so that it is either absent, as it was, or whole, also after a power cut. Throws `disk_full`. */
export async function writeRecord(file: string, value: unknown): Promise<void> {
  await write(file, value, { durably: true, publish: temporary => rename(temporary, file) })
}

/** The same for what only living processes ask: whether it outlives a power cut makes no difference. */
export async function writePassingRecord(file: string, value: unknown): Promise<void> {
  await write(file, value, { durably: false, publish: temporary => rename(temporary, file) })
}

/** Writes a record that must not exist yet. false if another was quicker; of several only one gets true. */
export async function createRecord(file: string, value: unknown): Promise<boolean> {
  try {
    await write(file, value, { durably: true, publish: temporary => link(temporary, file) })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

async function write(
  file: string,
  value: unknown,
  { durably, publish }: { durably: boolean; publish: (temporary: string) => Promise<void> },
): Promise<void> {
  const temporary = join(dirname(file), `.${randomUUID()}.tmp`)
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(JSON.stringify(value))
      if (durably) await handle.sync()
    } finally {
      await handle.close()
    }
    await publish(temporary)
    if (durably) await syncToDisk(dirname(file))
  } catch (error) {
    throw diskFull(error, file)
  } finally {
    await rm(temporary, { force: true })
  }
}
