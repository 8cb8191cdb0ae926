import { access, constants } from 'node:fs/promises'
import { freeBytes, nearestFolder } from '../../assets/freeBytes.ts'
import type { Config } from '../../runtime/config.ts'
import { gigabytes } from '../gigabytes.ts'
import { type Found, fail, ok, warn } from './finding.ts'

interface Place {
  what: string
  directory: string
  writes: boolean
  /** Free bytes below which it fails at once, or soon. */
  failBytes: number
  warnBytes: number
}

const GB = 1e9

/** Whether the disks have room for what goes on them, and may be written. */
export async function checkDisk({ dataDir, cacheDir, engine }: Config): Promise<Found[]> {
  const data = { what: 'DATA_DIR', directory: dataDir, writes: true, failBytes: GB, warnBytes: 10 * GB }
  const models = {
    what: 'MODELS_DIR',
    directory: engine.modelsDir,
    writes: false,
    failBytes: 0,
    warnBytes: 0,
  }
  // Compiled kernels go there too, so it must not be full even when the environment is made.
  const cache = {
    what: 'the cache',
    directory: cacheDir,
    writes: true,
    failBytes: 0.5 * GB,
    warnBytes: 15 * GB,
  }
  const places = engine.kind !== 'diffusers' ? [data] : [data, cache, models]
  return Promise.all(places.map(checkPlace))
}

async function checkPlace({ what, directory, writes, failBytes, warnBytes }: Place): Promise<Found> {
  const there = await nearestFolder(directory)
  const free = await freeBytes(there)
  const said = `${what} ${directory}: ${gigabytes(free)} free`
  const mode = writes ? constants.W_OK : constants.R_OK
  const allowed = await access(there, mode).then(
    () => true,
    () => false,
  )
  if (!allowed) return fail(`${said}, but this user may not ${writes ? 'write' : 'read'} there`)
  if (!writes && there !== directory) return warn(`${what} ${directory} is not there`)
  if (free < failBytes) return fail(`${said}: at least ${gigabytes(failBytes)} are needed`)
  return free < warnBytes ? warn(`${said}: ${gigabytes(warnBytes)} would be comfortable`) : ok(said)
}
