import { z } from 'zod'
import type { LaneModes } from '../gpu/laneModes.ts'
import { CARD_COMMANDS, type CardCommand, MODE_AFTER } from '../jobs/cardCommand.ts'
import type { CardStatus } from '../jobs/cardStatus.ts'
import { LANES } from '../jobs/jobTypes.ts'

export interface ControlCardDeps {
  lanes: Pick<LaneModes, 'set'>
  status: () => Promise<CardStatus>
}

/** Its workflow may be started by hand, and a lane that is none must not be kept. */
const commandSchema = z.object({ command: z.enum(CARD_COMMANDS), lanes: z.array(z.enum(LANES)) })

/** Carries out one command of an operator on this host's card, and gives the card's status after it. */
export function createControlCard({ lanes, status }: ControlCardDeps) {
  return async function controlCard(input: CardCommand): Promise<CardStatus> {
    const { command, lanes: named } = commandSchema.parse(input)
    if (command !== 'status') await lanes.set(named, MODE_AFTER[command])
    return await status()
  }
}
