import { type CardLock, lockCard } from './cardLock.ts'
import type { CardChoice } from './cardProfiles.ts'
import { type FoundCard, findCard } from './findCard.ts'
import { waitUntilMemoryIsGone } from './memoryGone.ts'
import { readUsedMiB } from './nvidiaSmi.ts'

export interface OwnedCard extends FoundCard {
  lock: CardLock
}

/** No process has this pid: what is waited for is the card's memory alone. */
const NOBODY = -1

/**
 * Finds the configured card and takes it for this process. The program of a worker that was killed a moment ago may still hold
 * memory, so `usedMiB` is read when it is next to nothing or after `settleMs`. Throws a CardError that says what to do.
 */
export async function ownCard(
  choice: CardChoice,
  { directory, settleMs = 10_000 }: { directory: string; settleMs?: number },
): Promise<OwnedCard> {
  const card = await findCard(choice)
  const { uuid } = card
  const { nvidiaSmi } = choice
  const lock = await lockCard({ uuid, directory })
  try {
    await waitUntilMemoryIsGone({ pid: NOBODY, uuid, nvidiaSmi, usedBeforeMiB: 0, limitMs: settleMs })
    return { ...card, usedMiB: (await readUsedMiB(nvidiaSmi, uuid)) ?? 0, lock }
  } catch (error) {
    lock.release()
    throw error
  }
}
