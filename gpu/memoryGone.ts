import { setTimeout as sleep } from 'node:timers/promises'
import { listComputePids, readUsedMiB } from './nvidiaSmi.ts'

export interface DeadProgram {
  /** The program, which was reaped already; null where there is none to look for. */
  pid: number | null
  uuid: string
  nvidiaSmi: string
  /** MiB in use on the card before the program started; null if nobody looked. */
  usedBeforeMiB: number | null
  limitMs: number
  pollMs?: number
}

/** Others on the card, such as a display, use now more, now less. */
const OTHERS_MIB = 256

export interface MemoryKept {
  why: string
  /** Whether the driver has told of the card at all meanwhile. */
  cardSeen: boolean
}

/**
 * Waits until the driver has taken a dead program's memory back, which it does some time after the process is gone. Gives null
 * then, and after the limit why that was not seen. A pid that the driver has listed must leave the list. One that it never
 * lists may be hidden (the list of a container is empty, or in the host's numbers): then what is in use on the whole card must
 * fall to what it was before.
 */
export async function waitUntilMemoryIsGone(program: DeadProgram): Promise<MemoryKept | null> {
  const { pid, uuid, nvidiaSmi, usedBeforeMiB, limitMs, pollMs = 250 } = program
  const deadline = performance.now() + limitMs
  let seen = false
  let cardSeen = false
  for (;;) {
    let why = 'the card still shows memory of the program that died'
    try {
      const usedMiB = await readUsedMiB(nvidiaSmi, uuid)
      cardSeen = true
      const listed = pid !== null && (await listComputePids(nvidiaSmi, uuid)).includes(pid)
      seen ||= listed
      const asBefore = usedMiB === null || usedBeforeMiB === null || usedMiB <= usedBeforeMiB + OTHERS_MIB
      if (!listed && (seen || asBefore)) return null
    } catch (error) {
      // A driver that is busy taking a card back may fail to answer; the limit decides.
      why = error instanceof Error ? error.message : String(error)
    }
    if (performance.now() + pollMs > deadline) return { why, cardSeen }
    await sleep(pollMs)
  }
}
