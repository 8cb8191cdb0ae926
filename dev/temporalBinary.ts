import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import which from 'which'
import { waitForProcessLock } from '../gpu/processLock.ts'
import { buildTemporal } from './buildTemporal.ts'
import { type DownloadOptions, downloadTemporal } from './downloadTemporal.ts'
import { ownConfig } from './environment.ts'
import { checkTemporalVersion, TEMPORAL_CLI_VERSION } from './temporalVersion.ts'

export interface TemporalBinaryOptions {
  /** TEMPORAL_CLI: if set, this program or none. */
  cli: string | null
  /** Folder in which a program that was brought is kept. */
  cacheDir: string
  /** Where `temporal` and `go` are looked for: a PATH. */
  path: string
  /** Told what takes long. */
  tell?: (line: string) => void
  signal?: AbortSignal
  download?: Pick<DownloadOptions, 'releases' | 'archive'>
}

/** There is no usable `temporal` program, and none could be brought. The message lists what was tried and what to do. */
export class TemporalBinaryError extends Error {
  override readonly name = 'TemporalBinaryError'
}

/**
 * Path of a `temporal` program that is new enough: the one that TEMPORAL_CLI names, one on PATH, one brought before, or
 * one brought now, by download or else built with Go. What the options leave open is as the environment says.
 */
export async function findTemporalBinary(options: Partial<TemporalBinaryOptions> = {}): Promise<string> {
  const given = { ...ownOptions(), ...options }
  if (given.cli !== null) return useExplicit(resolve(given.cli))
  const tried: string[] = []
  const found = (await onPath(given.path, tried)) ?? (await inCache(given.cacheDir, tried))
  return found ?? (await bringOnce(given, tried))
}

function ownOptions(): TemporalBinaryOptions {
  const { temporal, cacheDir, engine } = ownConfig()
  return { cli: temporal.cli, cacheDir, path: engine.path }
}

async function useExplicit(file: string): Promise<string> {
  try {
    await checkTemporalVersion(file)
    return file
  } catch (error) {
    throw new TemporalBinaryError(`TEMPORAL_CLI names ${file}, which cannot be used: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

async function onPath(path: string, tried: string[]): Promise<string | null> {
  for (const file of (await which('temporal', { path, all: true, nothrow: true })) ?? []) {
    if (await isUsable(file, tried)) return resolve(file)
  }
  if (tried.length === 0) tried.push('PATH: there is no temporal on it')
  return null
}

async function inCache(cacheDir: string, tried: string[]): Promise<string | null> {
  const file = cachedFile(cacheDir)
  if (await isExecutable(file)) return (await isUsable(file, tried)) ? file : null
  tried.push(`${file}: was not brought yet`)
  return null
}

/** One process brings it; others that want it meanwhile wait, and find it. */
async function bringOnce(options: TemporalBinaryOptions, tried: string[]): Promise<string> {
  const { cacheDir, signal, tell = () => {} } = options
  const lock = await waitForProcessLock(join(cacheDir, 'temporal.lock'), {
    onWait: () => tell('Another process is fetching the Temporal server; waiting for it…'),
    ...(signal ? { signal } : {}),
  })
  try {
    return (await inCache(cacheDir, [])) ?? (await bring({ ...options, tell }, tried))
  } finally {
    lock.release()
  }
}

async function bring(
  options: TemporalBinaryOptions & { tell: (line: string) => void },
  tried: string[],
): Promise<string> {
  const { cacheDir, path, tell, signal } = options
  const stop = signal ? { signal } : {}
  const ways = {
    download: (folder: string) => {
      tell(`Fetching the Temporal server ${TEMPORAL_CLI_VERSION}, once…`)
      return downloadTemporal(folder, { ...options.download, ...stop })
    },
    'go install': (folder: string) => buildTemporal(folder, { path, tell, ...stop }),
  }
  await removeLeftovers(cacheDir)
  for (const [name, way] of Object.entries(ways)) {
    const folder = await mkdtemp(join(cacheDir, UNFINISHED))
    try {
      const file = await way(folder)
      await checkTemporalVersion(file)
      const target = cachedFile(cacheDir)
      await mkdir(join(target, '..'), { recursive: true })
      await rename(file, target)
      return target
    } catch (error) {
      signal?.throwIfAborted()
      tried.push(`${name}: ${reasonOf(error)}`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  throw new TemporalBinaryError(
    `There is no usable temporal program on this machine:\n  ${tried.join('\n  ')}\n` +
      'Install the Temporal CLI, 1.5 or newer (https://docs.temporal.io/cli), or set TEMPORAL_CLI to its path.',
  )
}

const UNFINISHED = 'temporal-unfinished-'

/** Of a process that was killed while it held the lock. */
async function removeLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (name.startsWith(UNFINISHED)) await rm(join(cacheDir, name), { recursive: true, force: true })
  }
}

function cachedFile(cacheDir: string): string {
  return join(cacheDir, `temporal-v${TEMPORAL_CLI_VERSION}`, 'temporal')
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function isUsable(file: string, tried: string[]): Promise<boolean> {
  try {
    await checkTemporalVersion(file)
    return true
  } catch (error) {
    tried.push(`${file}: ${reasonOf(error)}`)
    return false
  }
}

/** The first lines: a build can fail with hundreds. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').slice(0, 3).join(' ').slice(0, 300)
}
