import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ProcessLock {
  release(): void
}

const RETRY_MS = 200
const SQLITE_BUSY = 5

/**
 * Takes a lock that no other process on this machine can hold at the same time; null where one does. The system gives it
 * back when this process dies, however that happens, so a lock is never stale: hence SQLite, the only thing in Node that locks files.
 */
export async function tryProcessLock(file: string): Promise<ProcessLock | null> {
  await mkdir(dirname(file), { recursive: true })
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null
    throw error
  }
  return { release: () => database.close() }
}

/** As {@link tryProcessLock}, but waits for its turn. `onWait` is called once, if it has to wait. */
export async function waitForProcessLock(
  file: string,
  { onWait, signal }: { onWait?: () => void; signal?: AbortSignal } = {},
): Promise<ProcessLock> {
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted()
    const lock = await tryProcessLock(file)
    if (lock !== null) return lock
    if (attempt === 0) onWait?.()
    await sleep(RETRY_MS, undefined, signal ? { signal } : {})
  }
}
