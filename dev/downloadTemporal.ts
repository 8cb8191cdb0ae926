import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import { TEMPORAL_CLI_VERSION } from './temporalVersion.ts'

const TEMPORAL_RELEASES = 'https://github.com/temporalio/cli/releases/download'

export interface Archive {
  file: string
  sha256: string
}

/** Temporal's release archives of {@link TEMPORAL_CLI_VERSION}, by `platform-arch` as Node names them. */
const ARCHIVES: Record<string, Archive | undefined> = {
  'linux-x64': archive('linux_amd64', 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d'),
  'linux-arm64': archive('linux_arm64', 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5'),
  'darwin-x64': archive('darwin_amd64', 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9'),
  'darwin-arm64': archive('darwin_arm64', 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415'),
}

function archive(platform: string, sha256: string): Archive {
  return { file: `temporal_cli_${TEMPORAL_CLI_VERSION}_${platform}.tar.gz`, sha256 }
}

/** A network that swallows packets must not keep anyone from the next way to get the program. */
const ANSWER_MS = 15_000
const TRANSFER_MS = 15 * 60_000

export interface DownloadOptions {
  releases?: string
  archive?: Archive | undefined
  signal?: AbortSignal
}

/** Downloads the release archive for this machine into a folder, checks its hash and unpacks `temporal`; gives its path. */
export async function downloadTemporal(folder: string, options: DownloadOptions = {}): Promise<string> {
  const wanted = options.archive ?? ARCHIVES[`${process.platform}-${process.arch}`]
  if (wanted === undefined) throw new Error(`there is no archive for ${process.platform}-${process.arch}`)
  const file = join(folder, 'archive.tar.gz')
  const url = `${options.releases ?? TEMPORAL_RELEASES}/v${TEMPORAL_CLI_VERSION}/${wanted.file}`
  const sha256 = await fetchFile(url, file, options.signal)
  if (sha256 !== wanted.sha256) throw new Error(`${wanted.file} has the hash ${sha256}, not the one we know`)
  await execa('tar', ['-xzf', file, '-C', folder, 'temporal'], { stdin: 'ignore' })
  await rm(file)
  return join(folder, 'temporal')
}

async function fetchFile(url: string, file: string, signal?: AbortSignal): Promise<string> {
  const late = new AbortController()
  const answerTimer = setTimeout(() => late.abort(new Error('no answer')), ANSWER_MS)
  const limits = [late.signal, AbortSignal.timeout(TRANSFER_MS), ...(signal ? [signal] : [])]
  try {
    const response = await fetch(url, { signal: AbortSignal.any(limits) })
    clearTimeout(answerTimer)
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`)
    const hash = createHash('sha256')
    const hashing = new Transform({
      transform(chunk, _encoding, done) {
        hash.update(chunk)
        done(null, chunk)
      },
    })
    await pipeline(response.body, hashing, createWriteStream(file))
    return hash.digest('hex')
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error })
  } finally {
    clearTimeout(answerTimer)
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
