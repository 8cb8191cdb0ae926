import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The disk of a host, which can be full. `tmpfs`: a small file system of its own, filled by a file; needs the right to mount.
 * `limit`: where there is no such right, RLIMIT_FSIZE of 0 on the processes, which then cannot write (EFBIG).
 */
export interface Disk {
  kind: 'tmpfs' | 'limit'
  /** Nothing can be written any more by these processes of the host. */
  fill(pids: readonly number[]): Promise<void>
  free(pids: readonly number[]): Promise<void>
  release(): Promise<void>
}

const SIZE_MIB = 256
const FILLER = 'filler'

export async function openDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=0755`, 'tmpfs', folder])
    return smallDisk(folder)
  } catch {
    return limitedDisk()
  }
}

/** What a run that was killed has left mounted would keep its folder from being removed. */
export async function releaseDisksBelow(directory: string): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '')
  const folders = mounts.split('\n').flatMap(line => line.split(' ')[1] ?? [])
  for (const folder of folders.filter(path => path.startsWith(`${directory}/`))) {
    await run('umount', ['-l', folder]).catch(() => {})
  }
}

function smallDisk(folder: string): Disk {
  const filler = join(folder, FILLER)
  return {
    kind: 'tmpfs',
    async fill() {
      const { bavail, bsize } = await statfs(folder)
      // What is left over fails in the middle of the last write, and is then less than a page.
      await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {})
      await writeFile(`${filler}-2`, Buffer.alloc(SIZE_MIB * 2 ** 20)).catch(() => {})
    },
    async free() {
      await Promise.all([rm(filler, { force: true }), rm(`${filler}-2`, { force: true })])
    },
    async release() {
      await run('umount', ['-l', folder]).catch(() => {})
    },
  }
}

function limitedDisk(): Disk {
  const limit = (value: string) => async (pids: readonly number[]) => {
    for (const pid of pids) await run('prlimit', ['--pid', String(pid), `--fsize=${value}`]).catch(() => {})
  }
  return { kind: 'limit', fill: limit('0:'), free: limit('unlimited:'), release: async () => {} }
}
