import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Decoder } from '../decode.ts'
import type { Stored } from '../evidence.ts'
import type { Finding } from '../findings.ts'
import type { JobView } from '../jobView.ts'
import type { Evidence } from '../readEvidence.ts'
import { pathsOf } from './objects.ts'

const LONGEST_THUMBNAIL_PX = 2048
const receiptSchema = z.looseObject({ files: z.array(z.looseObject({ sha256: z.string() })) })

/**
 * The assets of every job that the app knows as completed: told to the app complete and in order, in the store, the very bytes of the job's last
 * receipt, and decoded to the last pixel and frame. What the picture shows is not looked at.
 */
export async function checkAssets(
  evidence: Evidence,
  jobs: readonly JobView[],
  decoder: Decoder,
): Promise<Finding[]> {
  const objects = new Map(evidence.stored.map(stored => [`${stored.bucket}/${stored.path}`, stored]))
  const found: Finding[] = []
  for (const job of jobs.filter(({ terminal }) => terminal?.status === 'completed')) {
    found.push(...checkTold(job))
    const { submission } = job
    const { assets, thumbnails } = pathsOf(submission)
    const rendered = renderedHashes(job)
    const check = async (path: string, look: (stored: Stored, file: string) => Promise<string | null>) => {
      const stored = objects.get(`${submission.bucket}/${path}`)
      const wrong = stored === undefined ? 'is not in the store' : await problemOf(evidence, stored, look)
      const rule = stored === undefined ? 'asset-missing' : 'asset-damaged'
      if (wrong !== null) found.push({ rule, jobId: submission.jobId, detail: `${path} ${wrong}` })
    }
    for (const [index, path] of assets.entries()) {
      await check(path, async (stored, file) => {
        const expected = rendered[index]
        if (expected !== undefined && stored.sha256 !== expected) return 'is not what was rendered'
        const kind = submission.extension === 'mp4' ? 'video' : 'picture'
        return differenceOf(submission, await decoder[kind](file))
      })
    }
    for (const path of thumbnails) {
      await check(path, async (_, file) => {
        const { width, height } = await decoder.picture(file)
        return Math.max(width, height) > LONGEST_THUMBNAIL_PX ? `is ${width}×${height}` : null
      })
    }
  }
  return found
}

function checkTold({ submission, terminal }: JobView): Finding[] {
  const { assets, thumbnails } = pathsOf(submission)
  const same = (told: readonly string[] = [], expected: readonly string[]) =>
    told.length === expected.length && told.every((path, index) => path === expected[index])
  const { jobId } = submission
  const wrong: Finding[] = []
  if (!same(terminal?.assets, assets))
    wrong.push({ rule: 'asset-missing', jobId, detail: `the app was told of ${terminal?.assets.join(', ')}` })
  if (!same(terminal?.thumbnails, thumbnails))
    wrong.push({ rule: 'asset-missing', jobId, detail: 'the app was told of other thumbnails' })
  return wrong
}

async function problemOf(
  { directory }: Evidence,
  stored: Stored,
  look: (stored: Stored, file: string) => Promise<string | null>,
): Promise<string | null> {
  const file = join(directory, 'store', stored.bucket, stored.path)
  try {
    const bytes = await readFile(file)
    if (bytes.length !== stored.bytes) return `has ${bytes.length} bytes instead of ${stored.bytes}`
    if (createHash('sha256').update(bytes).digest('hex') !== stored.sha256)
      return 'has other bytes than it had'
    return await look(stored, file)
  } catch (error) {
    return `does not decode: ${error instanceof Error ? error.message : error}`
  }
}

function differenceOf(
  { width, height, frames }: JobView['submission'],
  decoded: { width: number; height: number; frames: number },
): string | null {
  const same = decoded.width === width && decoded.height === height && decoded.frames === frames
  const words = `${decoded.width}×${decoded.height} with ${decoded.frames} frames`
  return same ? null : `is ${words}, not ${width}×${height} with ${frames}`
}

/** By the last receipt that Temporal was given; none where histories are encrypted. */
function renderedHashes({ workflow }: JobView): string[] {
  const results = (workflow?.activities ?? []).filter(({ name }) => name === 'generate')
  const receipt = results
    .map(({ result }) => receiptSchema.safeParse(result))
    .findLast(({ success }) => success)?.data
  return receipt?.files.map(({ sha256 }) => sha256) ?? []
}
