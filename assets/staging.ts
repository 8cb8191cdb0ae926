import type { StagedFile } from '../jobs/receipt.ts'
import type { Collected, CollectLimits } from './keptFiles.ts'

/** Reference images on their way to the card, kept by the hash of their bytes, so that the same bytes are kept once. */
export interface Staging {
  /** Keeps a local file. Throws `disk_full`, or what the store throws. */
  put(file: string, size: { width: number; height: number }): Promise<StagedFile>
  /**
   * A local path of the bytes, whose hash was just checked; it lasts until it is collected. Throws `staged_lost` when they
   * are gone or damaged, or what the store throws.
   */
  open(sha256: string): Promise<string>
  /** Removes what was not used for long, and unfinished files. Both put and open count as use. */
  collect(limits: CollectLimits): Promise<Collected>
  /** Runs work with an empty folder of its own, which goes away afterwards; collected later if the process dies. */
  withScratch<T>(work: (directory: string) => Promise<T>): Promise<T>
}
