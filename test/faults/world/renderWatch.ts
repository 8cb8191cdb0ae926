import { existsSync, type FSWatcher, mkdirSync, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { ReceiptLine } from '../audit/evidence.ts'

/** `begun`: a file of the attempt is there. `receipt-writing`: its files are in place and the receipt is being written. */
export type RenderMoment = 'begun' | 'receipt-writing' | 'receipt'

export interface RenderSeen {
  host: string
  jobId: string
  moment: RenderMoment
}

/** Watches the renders of one host from outside. */
export interface RenderWatch {
  close(): void
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const FINISHED = /^\d+\.(png|mp4|thumb\.webp|webp)$/

export function watchRenders(options: {
  directory: string
  host: string
  onSeen: (seen: RenderSeen) => void
  onReceipt: (line: ReceiptLine) => void
}): RenderWatch {
  const { directory, host, onSeen, onReceipt } = options
  const watchers = new Map<string, FSWatcher>()
  const told = new Map<string, number>()
  mkdirSync(directory, { recursive: true })
  follow(directory, name => UUID.test(name) && followJob(name))

  /** Calls `onName` for what is there and for what comes. Folders that vanish take their watcher with them. */
  function follow(folder: string, onName: (name: string) => unknown): void {
    if (watchers.has(folder)) return
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null) onName(name)
        if (!existsSync(folder)) forget(folder)
      })
      watcher.on('error', () => forget(folder))
      watchers.set(folder, watcher)
      for (const name of readdirSync(folder)) onName(name)
    } catch {
      forget(folder)
    }
  }

  function forget(folder: string): void {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }

  function followJob(jobId: string): void {
    const folder = join(directory, jobId)
    follow(folder, planHash => /^[0-9a-f]{64}$/.test(planHash) && followRender(jobId, planHash))
  }

  function followRender(jobId: string, planHash: string): void {
    const folder = join(directory, jobId, planHash)
    let finished = false
    follow(folder, name => {
      if (name.startsWith('work-')) onSeen({ host, jobId, moment: 'begun' })
      if (FINISHED.test(name)) finished = true
      if (finished && name.endsWith('.tmp')) onSeen({ host, jobId, moment: 'receipt-writing' })
      if (name === 'receipt.json') receipt(jobId, planHash, join(folder, name))
    })
  }

  function receipt(jobId: string, planHash: string, path: string): void {
    try {
      const { mtimeMs } = statSync(path)
      if (told.get(path) === mtimeMs) return
      told.set(path, mtimeMs)
      const mtime = new Date(mtimeMs).toISOString()
      onReceipt({ at: new Date().toISOString(), host, jobId, planHash, path, mtime })
      onSeen({ host, jobId, moment: 'receipt' })
    } catch {
      // Removed meanwhile.
    }
  }

  return {
    close() {
      for (const folder of [...watchers.keys()]) forget(folder)
    },
  }
}
