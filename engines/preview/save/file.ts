import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, rm, stat, truncate } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/**
 * Makes a file under a temporary name, hashes it and gives it its name: `path` is either whole or absent. `damage` cuts
 * it in half before it is hashed. Returns the SHA-256 in hex.
 */
export async function saveFile(
  path: string,
  write: (temporary: string) => Promise<void>,
  damage: boolean,
): Promise<string> {
  const temporary = `${path}.tmp`
  try {
    await write(temporary)
    if (damage) await truncate(temporary, Math.floor((await stat(temporary)).size / 2))
    const sha256 = await hashOf(temporary)
    await rename(temporary, path)
    return sha256
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
