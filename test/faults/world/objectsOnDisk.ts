import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { StoredFile } from '../../standins/storageObjects.ts'
import type { StoredLine } from '../audit/evidence.ts'

/** Objects of the storage stand-in with their bytes in files, as a run makes more than memory should hold. */
export class ObjectsOnDisk extends Map<string, StoredFile> {
  readonly #directory: string
  readonly #lines = new Map<string, StoredLine>()

  constructor(directory: string) {
    super()
    this.#directory = directory
  }

  override set(objectPath: string, { bytes, contentType, updatedAt }: StoredFile): this {
    const file = join(this.#directory, objectPath)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
    const slash = objectPath.indexOf('/')
    this.#lines.set(objectPath, {
      bucket: objectPath.slice(0, slash),
      path: objectPath.slice(slash + 1),
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      at: updatedAt,
    })
    const stored = {
      get bytes() {
        return readFileSync(file)
      },
      contentType,
      updatedAt,
    }
    return super.set(objectPath, stored)
  }

  override delete(objectPath: string): boolean {
    rmSync(join(this.#directory, objectPath), { force: true })
    this.#lines.delete(objectPath)
    return super.delete(objectPath)
  }

  /** What store.json holds. */
  listing(): StoredLine[] {
    return [...this.#lines.values()]
  }
}
