import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './atomicFile.ts'
import { isRunning } from './livingProcess.ts'
import { type BeganMark, beganSchema, readRecord } from './renderRecords.ts'

const BEGAN = /^began-(\d+)\.json$/

/**
 * One mark per attempt, numbered: a process takes over from a dead one by creating the next number, which only one can do,
 * and the number is the count of attempts.
 */
export function beganName(attempt: number): string {
  return `began-${attempt}.json`
}

/** The newest mark of a render; attempt 0 and no mark where nothing ever began. */
export async function currentMark(folder: string): Promise<{ attempt: number; mark: BeganMark | null }> {
  const attempt = (await namesIn(folder)).reduce(
    (most, name) => Math.max(most, Number(BEGAN.exec(name)?.[1] ?? 0)),
    0,
  )
  const mark = attempt === 0 ? null : await readRecord(join(folder, beganName(attempt)), beganSchema)
  return { attempt, mark }
}

/** Whether a living process is at a render. A store's own marks count only while it is active there. */
export function isOwned(
  mark: BeganMark,
  folder: string,
  self: { instance: string; active: Set<string> },
): boolean {
  if (!mark.owner) return false
  if (mark.owner.instance === self.instance) return self.active.has(folder)
  return isRunning(mark.owner)
}

/** How many attempts of a round have killed their program, by the newest mark. A process that died in mid-render could not say so. */
export function killsOf(mark: BeganMark | null, round: number): number {
  if (mark === null || mark.round !== round) return 0
  const diedWithIt = mark.owner !== null && mark.held && !isRunning(mark.owner)
  return mark.kills + (diedWithIt ? 1 : 0)
}

/** Names in a folder; none where it does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
