import { freeBytes } from '../assets/freeBytes.ts'
import type { Config } from '../runtime/config.ts'

/** Why the files of one more render would find no room on this machine; null when they would. */
export type NoRoom = () => Promise<string | null>

const MIB = 2 ** 20

/** What one job may write: six images of 1536×1536, whose PNGs have 7 MiB each at most, and two references of that size. */
export const JOB_MIB = 64

/** A look is one system call, so none is kept. What is said stays the same as the disk fills: it is logged when it changes. */
export function createNoRoom({ dataDir, renders }: Pick<Config, 'dataDir' | 'renders'>): NoRoom {
  return async () => {
    try {
      const full = (await freeBytes(renders.directory)) < JOB_MIB * MIB
      return full ? `no room under ${dataDir}: less than ${JOB_MIB} MiB are free` : null
    } catch (error) {
      return `no room under ${dataDir}: ${error instanceof Error ? error.message : error}`
    }
  }
}
