import { join } from 'node:path'
import { CardError } from './cardError.ts'
import { askOwner, type Owner, tryNameLock } from './nameLock.ts'
import { tryProcessLock } from './processLock.ts'

export interface CardLock {
  release(): void
  /** Why no lock file could be made; null if it was. The card is locked in this network namespace all the same. */
  fileError: unknown
}

export interface CardLockOptions {
  uuid: string
  /** Where the lock file goes: a folder that containers of this installation share, such as the data folder. */
  directory: string
}

/**
 * Takes a card for this process; throws a {@link CardError} that says who has it already. Two locks, both held by the living
 * process: a name of the kernel's, which is the same for all users, folders and configurations of a network namespace, and a file,
 * for containers that share a volume but no network. Containers that share neither cannot see each other; memory that is in use
 * before the program starts (`FoundCard.usedMiB`) is the only trace of the other then.
 */
export async function lockCard({ uuid, directory }: CardLockOptions): Promise<CardLock> {
  const name = `ourvidz-card-${uuid}`
  const nameLock = await tryNameLock(name)
  if (nameLock === null) throw new CardError(taken(uuid, describe(await askOwner(name))))
  const file = join(directory, `card-${uuid}.lock`)
  try {
    const fileLock = await tryProcessLock(file)
    if (fileLock !== null) {
      const release = () => {
        fileLock.release()
        nameLock.release()
      }
      return { release, fileError: null }
    }
  } catch (fileError) {
    // A file system without locks.
    return { release: nameLock.release, fileError }
  }
  nameLock.release()
  throw new CardError(taken(uuid, `in another container, by the lock on ${file}`))
}

function taken(uuid: string, who: string): string {
  return `Card ${uuid} belongs to another GPU worker, ${who}. Stop that one, or set CARD_UUID to another card.`
}

function describe(owner: Owner | null): string {
  return owner === null
    ? 'which does not say its process'
    : `process ${owner.pid} on ${owner.host} since ${owner.since}`
}
