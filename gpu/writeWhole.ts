import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Writes a small file so that it is either as it was or whole, also after a power cut. Makes its folder. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${randomUUID()}.tmp`)
  try {
    await syncAfter(await open(temporary, 'wx'), handle => handle.writeFile(text))
    await rename(temporary, file)
    await syncAfter(await open(folder, 'r'), async () => {})
  } finally {
    await rm(temporary, { force: true })
  }
}

async function syncAfter(
  handle: Awaited<ReturnType<typeof open>>,
  work: (opened: typeof handle) => Promise<void>,
): Promise<void> {
  try {
    await work(handle)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
