import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RenderReceipt, UploadedAsset } from '../jobs/receipt.ts'
import { diskFull } from './atomicFile.ts'
import type { Collected } from './keptFiles.ts'
import { ownProcess } from './livingProcess.ts'
import { collectRenders } from './renderCollector.ts'
import { beganName, currentMark, isOwned, killsOf, namesIn } from './renderMarks.ts'
import { fileIn, jobFolder, type RenderRef, renderFolder } from './renderPath.ts'
import {
  createRecord,
  readRecord,
  receiptSchema,
  uploadSchema,
  writePassingRecord,
  writeRecord,
} from './renderRecords.ts'
import { statIfThere } from './statIfThere.ts'
import { syncToDisk } from './syncToDisk.ts'

const RECEIPT = 'receipt.json'
const UPLOAD = 'upload.json'
const WORK = 'work-'

export type Begun =
  /**
   * `attempt` counts from 1 and survives crashes, as does `kills`: attempts of this round that killed the program, or the
   * whole process while they had the card. `workDir` is an empty folder for the files.
   */
  | { begun: true; attempt: number; kills: number; workDir: string }
  /** Another living process of this machine is at it. */
  | { begun: false; ownerPid: number }

/** Where renders of this host lie, one folder each, until they are uploaded and collected. */
export interface RenderStore {
  /**
   * Takes the render for this process, durably, before the program hears of it. Of several processes one gets it. A new
   * `round` forgets who killed what.
   */
  begin(ref: RenderRef, round?: number): Promise<Begun>
  /** The attempt has got the card: from here on the death of this process counts against it. */
  hasCard(ref: RenderRef): Promise<void>
  /** The attempt is over, without a receipt: its files go, the counts stay. `killed`: the program died of it. */
  giveUp(ref: RenderRef, killed?: boolean): Promise<void>
  /** Moves the files of a work folder to their place and writes the receipt, which ends the attempt. */
  finish(ref: RenderRef, workDir: string, receipt: RenderReceipt): Promise<void>
  /** The receipt, if its files are all there or were uploaded; null otherwise. */
  receipt(ref: RenderRef): Promise<RenderReceipt | null>
  /** Whether a living process, this one included, is at it. */
  owned(ref: RenderRef): Promise<boolean>
  /** Path of a file of a receipt. */
  file(ref: RenderRef, name: string): string
  /** Records that the files are in the store, then removes their bytes. Receipt and record stay until collected. */
  markUploaded(ref: RenderRef, assets: UploadedAsset[], by: string): Promise<void>
  /** What `markUploaded` recorded for the same `by`, or null: what another run uploaded may have been removed since. */
  uploaded(ref: RenderRef, by: string): Promise<UploadedAsset[] | null>
  /** Removes all of a job's renders, but not what another living process is at. */
  discard(jobId: string): Promise<void>
  /** Removes renders older than `ttlMs`, then the oldest until `maxBytes` hold the rest; none that is owned or young. */
  collect(limits: { ttlMs: number; maxBytes: number; now?: number }): Promise<Collected>
}

/** The renders under `directory`. Every method throws `disk_full` when the disk is, and on ids that may not become paths. */
export function createRenderStore({ directory }: { directory: string }): RenderStore {
  const instance = randomUUID()
  const own = { ...ownProcess(), instance }
  /** What this store is at: a mark of ours that is not here was left by an attempt that could not tidy up. */
  const active = new Set<string>()
  const owner = { instance, active }

  async function begin(ref: RenderRef, round: number): Promise<Begun> {
    const folder = renderFolder(directory, ref)
    await mkdir(folder, { recursive: true })
    const last = await currentMark(folder)
    if (last.mark && isOwned(last.mark, folder, owner))
      return { begun: false, ownerPid: last.mark.owner?.pid ?? 0 }
    const attempt = last.attempt + 1
    const kills = killsOf(last.mark, round)
    const mark = { owner: own, at: new Date().toISOString(), round, kills, held: false }
    if (!(await createRecord(join(folder, beganName(attempt)), mark))) return begin(ref, round)
    active.add(folder)
    try {
      // Another process may have finished it since our caller looked.
      if (await receipt(ref)) {
        await endAttempt(folder)
        return { begun: false, ownerPid: last.mark?.owner?.pid ?? own.pid }
      }
      await removeLeftovers(folder, attempt)
      const workDir = join(folder, `${WORK}${attempt}`)
      await mkdir(workDir)
      return { begun: true, attempt, kills, workDir }
    } catch (error) {
      // Otherwise the next attempt would wait for this one, which is over.
      await endAttempt(folder).catch(() => {})
      throw error
    }
  }

  /** Everything that an earlier attempt left: only the newest mark says anything. A rival may be writing a hidden file. */
  async function removeLeftovers(folder: string, attempt: number): Promise<void> {
    for (const name of await namesIn(folder)) {
      if (name !== beganName(attempt) && !name.startsWith('.'))
        await rm(join(folder, name), { recursive: true, force: true })
    }
  }

  async function hasCard(ref: RenderRef): Promise<void> {
    const folder = renderFolder(directory, ref)
    const { attempt, mark } = await currentMark(folder)
    if (mark === null || !active.has(folder)) return
    await writePassingRecord(join(folder, beganName(attempt)), { ...mark, held: true })
  }

  async function endAttempt(folder: string, killed = false): Promise<void> {
    active.delete(folder)
    const { attempt, mark } = await currentMark(folder)
    if (attempt === 0) return
    const file = join(folder, beganName(attempt))
    const ended = { ...mark, owner: null, at: new Date().toISOString() }
    try {
      if (killed) await writeRecord(file, { ...ended, kills: (mark?.kills ?? 0) + 1 })
      else await writePassingRecord(file, ended)
    } catch {
      // A full disk: without the mark the count is lost, with it every other process would wait for us.
      await rm(file, { force: true })
    }
  }

  async function giveUp(ref: RenderRef, killed = false): Promise<void> {
    const folder = renderFolder(directory, ref)
    try {
      const { attempt } = await currentMark(folder)
      await removeLeftovers(folder, attempt)
    } finally {
      await endAttempt(folder, killed)
    }
  }

  async function finish(ref: RenderRef, workDir: string, receipt: RenderReceipt): Promise<void> {
    const folder = renderFolder(directory, ref)
    try {
      const names = receipt.files.flatMap(({ file, thumbnail }) => [file, thumbnail])
      await Promise.all(names.map(name => syncToDisk(fileIn(workDir, name))))
      for (const name of names) await rename(fileIn(workDir, name), fileIn(folder, name))
      // Syncs the folder too; a power cut before that leaves a receipt whose files are missed, which counts for nothing.
      await writeRecord(join(folder, RECEIPT), receipt)
    } catch (error) {
      throw diskFull(error, folder)
    }
    await Promise.all([rm(workDir, { recursive: true, force: true }), endAttempt(folder)])
  }

  async function receipt(ref: RenderRef): Promise<RenderReceipt | null> {
    const folder = renderFolder(directory, ref)
    const found = await readRecord(join(folder, RECEIPT), receiptSchema)
    if (!found || (await readRecord(join(folder, UPLOAD), uploadSchema))) return found
    for (const { file, thumbnail, bytes } of found.files) {
      const [there, small] = await Promise.all(
        [file, thumbnail].map(name => statIfThere(fileIn(folder, name))),
      )
      if (there?.size !== bytes || !small?.isFile()) return null
    }
    return found
  }

  async function discard(jobId: string): Promise<void> {
    const job = jobFolder(directory, jobId)
    for (const name of await namesIn(job)) {
      const folder = join(job, name)
      const { mark } = await currentMark(folder)
      const others = mark && !active.has(folder) && isOwned(mark, folder, owner)
      if (!others) await rm(folder, { recursive: true, force: true })
      if (!others) active.delete(folder)
    }
    await rmdir(job).catch(() => {})
  }

  return {
    begin: (ref, round = 0) => begin(ref, round).catch(error => Promise.reject(diskFull(error, directory))),
    hasCard,
    giveUp,
    finish,
    receipt,
    discard,
    async owned(ref) {
      const folder = renderFolder(directory, ref)
      const { mark } = await currentMark(folder)
      return mark !== null && isOwned(mark, folder, owner)
    },
    file: (ref, name) => fileIn(renderFolder(directory, ref), name),
    async markUploaded(ref, assets, by) {
      const folder = renderFolder(directory, ref)
      const found = await readRecord(join(folder, RECEIPT), receiptSchema)
      if (!found) return
      await writeRecord(join(folder, UPLOAD), { by, assets })
      for (const { file, thumbnail } of found.files) {
        for (const name of [file, thumbnail]) await rm(fileIn(folder, name), { force: true })
      }
    },
    async uploaded(ref, by) {
      const found = await readRecord(join(renderFolder(directory, ref), UPLOAD), uploadSchema)
      return found?.by === by ? found.assets : null
    },
    collect: limits => collectRenders({ directory, owner, ...limits }),
  }
}
