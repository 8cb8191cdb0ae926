import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** Long before any file was written: a file system that notes reads at all notes the next one. */
const UNREAD = new Date(1_000_000)

/**
 * Notes everything under a folder. `changes` later tells what is new, gone, changed or (where the file system notes it) was
 * read since, as `new a/b`. Parts under `except`, relative to the folder, do not count.
 */
export async function watchFolder(folder: string, except: readonly string[] = []) {
  const before = await look(folder, except)
  for (const [name, { kind }] of before) {
    if (kind === 'file') await utimes(join(folder, name), UNREAD, (await lstat(join(folder, name))).mtime)
  }
  return {
    async changes(): Promise<string[]> {
      const unread = new Set<string>()
      for (const name of before.keys()) {
        const found = await lstat(join(folder, name)).catch(() => null)
        if (!found?.isFile() || found.atimeMs === UNREAD.getTime()) unread.add(name)
      }
      const after = await look(folder, except)
      return [
        ...[...after.keys()].filter(name => !before.has(name)).map(name => `new ${name}`),
        ...[...before].flatMap(([name, was]) => {
          const is = after.get(name)
          if (is === undefined) return [`gone ${name}`]
          if (is.content !== was.content) return [`changed ${name}`]
          return unread.has(name) ? [] : [`read ${name}`]
        }),
      ]
    },
  }
}

interface Seen {
  kind: 'file' | 'other'
  content: string
}

async function look(folder: string, except: readonly string[]): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>()
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    if (except.some(part => name === part || name.startsWith(`${part}/`))) continue
    seen.set(name, await describe(join(folder, name)))
  }
  return seen
}

async function describe(path: string): Promise<Seen> {
  const found = await lstat(path)
  if (found.isSymbolicLink()) return { kind: 'other', content: `link to ${await readlink(path)}` }
  if (!found.isFile()) return { kind: 'other', content: found.isDirectory() ? 'folder' : 'special' }
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  return { kind: 'file', content: `${found.size} ${found.nlink} ${found.mode} ${sha256}` }
}
