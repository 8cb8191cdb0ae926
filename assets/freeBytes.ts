import { access, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Bytes that this user may still write on the disk where a folder is, or will be made. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearestFolder(directory))
  return bavail * bsize
}

/** The folder itself, or the nearest one above it that exists. */
export async function nearestFolder(directory: string): Promise<string> {
  const there = await access(directory).then(
    () => true,
    () => false,
  )
  return there || dirname(directory) === directory ? directory : nearestFolder(dirname(directory))
}
