import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Keeps what was measured as `<folder>/<name>.json`, where `writeDocs.ts` looks for it; does nothing without a folder. */
export async function writeFigures(folder: string | undefined, name: string, figures: object): Promise<void> {
  if (folder === undefined) return
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`)
}
