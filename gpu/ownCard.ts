import { CardError } from './cardError.ts'
import { type CardLock, lockCard } from './cardLock.ts'
import type { CardChoice } from './cardProfiles.ts'
import { type FoundCard, findCard } from './findCard.ts'
import { waitUntilMemoryIsGone } from './memoryGone.ts'
import { readUsedMiB } from './nvidiaSmi.ts'

export interface OwnedCard extends FoundCard {
  lock: CardLock
}

/** What others may have of a card that is ours: more than a desktop's frame buffers. */
export const FOREIGN_MIB = 1024

/**
 * Finds the configured card and takes it for this process. The program of a worker that was killed a moment ago may still hold
 * memory, so `usedMiB` is read when it is next to nothing or after `settleMs`. `limitMiB` leaves a part of the card to others. What
 * they use beyond that would make every job too large for as long as this process lives. Throws a CardError that says what to do.
 */
export async function ownCard(
  choice: CardChoice,
  {
    directory,
    limitMiB,
    settleMs = 10_000,
  }: { directory: string; limitMiB: number | null; settleMs?: number },
): Promise<OwnedCard> {
  const card = await findCard(choice)
  const { uuid } = card
  const { nvidiaSmi } = choice
  const lock = await lockCard({ uuid, directory })
  try {
    await waitUntilMemoryIsGone({ pid: null, uuid, nvidiaSmi, usedBeforeMiB: 0, limitMs: settleMs })
    const usedMiB = (await readUsedMiB(nvidiaSmi, uuid)) ?? 0
    const leftMiB = limitMiB === null ? 0 : Math.max(0, card.totalMiB - limitMiB)
    if (usedMiB > leftMiB + FOREIGN_MIB) throw new CardError(occupied({ ...card, usedMiB }))
    return { ...card, usedMiB, lock }
  } catch (error) {
    lock.release()
    throw error
  }
}

function occupied({ name, uuid, usedMiB, totalMiB }: FoundCard): string {
  return [
    `Others use ${usedMiB} of the ${totalMiB} MiB of ${name} (${uuid}); \`nvidia-smi\` shows who.`,
    'End them, or leave them a part of the card: CARD_MEMORY_LIMIT_MIB is what is ours of it.',
  ].join('\n')
}
