import { open } from 'node:fs/promises'

/** Makes the bytes of a file, or the names in a folder, outlast a power cut. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
