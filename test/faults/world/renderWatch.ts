import { existsSync, type FSWatcher, mkdirSync, readdirSync, readFileSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { ReceiptLine } from '../audit/evidence.ts'

/**
 * `drawing`: the mark of the attempt says that it has the card. `receipt-writing`: its files are being put in place, after
 * which comes the receipt, which is not there. `receipt`: it is.
 */
export type RenderMoment = 'drawing' | 'receipt-writing' | 'receipt'

export interface RenderSeen {
  host: string
  jobId: string
  moment: RenderMoment
  /** Where the receipt is, or will be. */
  receipt: string
}

/** Watches the renders of one host from outside. */
export interface RenderWatch {
  close(): void
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const BEGAN = /^began-\d+\.json$/
const FINISHED = /^\d+\.(png|mp4|thumb\.webp)$/

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
    const receiptPath = join(folder, 'receipt.json')
    const see = (moment: RenderMoment) => onSeen({ host, jobId, moment, receipt: receiptPath })
    follow(folder, name => {
      if (BEGAN.test(name) && hasCard(join(folder, name))) see('drawing')
      if (FINISHED.test(name) && existsSync(join(folder, name)) && !existsSync(receiptPath))
        see('receipt-writing')
      if (name === 'receipt.json' && receipt(jobId, planHash, receiptPath)) see('receipt')
    })
  }

  /** Notes a receipt that is new. */
  function receipt(jobId: string, planHash: string, path: string): boolean {
    try {
      const { mtimeMs } = statSync(path)
      if (told.get(path) === mtimeMs) return false
      told.set(path, mtimeMs)
      const mtime = new Date(mtimeMs).toISOString()
      onReceipt({ at: new Date().toISOString(), host, jobId, planHash, path, mtime })
      return true
    } catch {
      // Removed meanwhile.
      return false
    }
  }

  return {
    close() {
      for (const folder of [...watchers.keys()]) forget(folder)
    },
  }
}

/** What the mark of a running attempt says; it is replaced whole, and gone when the attempt's folder is. */
function hasCard(mark: string): boolean {
  try {
    const { owner, held }: { owner?: unknown; held?: unknown } = JSON.parse(readFileSync(mark, 'utf8'))
    return held === true && owner !== null
  } catch {
    return false
  }
}
