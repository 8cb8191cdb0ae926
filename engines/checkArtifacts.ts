import { lstat, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { diskFull } from '../assets/atomicFile.ts'
import type { ExpectedFile } from '../assets/inspect.ts'
import { JobFailure } from '../jobs/failures.ts'
import type { RenderedFile } from '../jobs/receipt.ts'
import type { EngineResult } from './engineRun.ts'
import type { RenderJob } from './protocol.ts'

/** Decodes a file and gives its thumbnail; throws `engine_output_invalid` if it is not what was expected. */
export type VerifyFile = (path: string, expected: ExpectedFile) => Promise<Buffer>

const PLAIN_NAME = /^[A-Za-z0-9_-]{1,64}\.(png|mp4)$/

/**
 * Trusts nothing that the program said of its files: as many as asked for, in order, each in the folder that it was given,
 * with the seed, size, frames and hash that it must have. Leaves a thumbnail beside each. Throws `engine_output_invalid`.
 */
export async function checkArtifacts(options: {
  job: RenderJob
  outDir: string
  artifacts: EngineResult['artifacts']
  verifyFile: VerifyFile
}): Promise<RenderedFile[]> {
  const { job, outDir, artifacts, verifyFile } = options
  if (artifacts.length !== job.images) throw invalid(`${artifacts.length} files were made, not ${job.images}`)
  if (new Set(artifacts.map(({ path }) => path)).size !== artifacts.length) throw invalid('a file came twice')
  if (!(await lstat(outDir).catch(() => null))?.isDirectory()) throw invalid('their folder is gone')
  const contentType = job.frames === 1 ? 'image/png' : 'video/mp4'

  const files: RenderedFile[] = []
  for (const [index, { path, sha256, seed, width, height, frames }] of artifacts.entries()) {
    const file = basename(path)
    const extension = contentType === 'image/png' ? '.png' : '.mp4'
    if (dirname(path) !== outDir || !PLAIN_NAME.test(file) || extname(file) !== extension) {
      throw invalid(`file ${index} is not where it should be, or not called as it should be`)
    }
    if (seed !== job.seed + index) throw invalid(`file ${index} has seed ${seed}, not ${job.seed + index}`)
    if (width !== job.width || height !== job.height || frames !== job.frames) {
      throw invalid(`file ${index} is said to be ${width}×${height}, ${frames} frames`)
    }
    // A link, soft or hard, would give out what is somebody else's.
    const found = await lstat(path).catch(() => null)
    if (!found?.isFile() || found.nlink !== 1) throw invalid(`file ${index} is missing`)
    const thumbnail = `${index}.thumb.webp`
    const picture = await verifyFile(path, { contentType, width, height, frames, sha256 })
    await writeNew(join(outDir, thumbnail), picture)
    files.push({
      index,
      file,
      thumbnail,
      sha256,
      bytes: found.size,
      contentType,
      seed,
      width,
      height,
      frames,
    })
  }
  return files
}

/** Never into what stands there: the program may have put a link in its place. */
async function writeNew(file: string, bytes: Buffer): Promise<void> {
  try {
    await rm(file, { recursive: true, force: true })
    await writeFile(file, bytes, { flag: 'wx' })
  } catch (error) {
    throw diskFull(error, file)
  }
}

function invalid(problem: string): JobFailure {
  return new JobFailure('engine_output_invalid', `The program's files are not usable: ${problem}.`)
}
