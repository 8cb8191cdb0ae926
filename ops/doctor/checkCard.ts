import { FOREIGN_MIB } from '../../gpu/ownCard.ts'
import { type Found, ok, skipped, warn } from './finding.ts'
import type { Machine } from './machine.ts'

/** Whether the card that the configuration names is there, and free. */
export async function checkCard(machine: Machine): Promise<Found> {
  if (machine.withoutCard !== null) return skipped(machine.withoutCard)
  const card = await machine.card()
  if (card === null) return skipped('none is needed')
  const { name, uuid, totalMiB, usedMiB, driverVersion } = card
  const said = `${name}, ${totalMiB} MiB, driver ${driverVersion}, ${uuid}`
  if (usedMiB <= FOREIGN_MIB) return ok(said)
  return warn(
    `${said}: ${usedMiB} MiB are in use, by a running GPU worker or something else (nvidia-smi); a worker starts only if CARD_MEMORY_LIMIT_MIB leaves them to others`,
  )
}
