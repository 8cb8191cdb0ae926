import type { Command } from 'commander'
import { addCardCommands } from './cardCommands.ts'
import { addActingCommands, addLookingCommands } from './jobCommands.ts'
import { addQuarantineCommands } from './quarantineCommands.ts'
import type { Session } from './session.ts'
import { addSubmitCommand } from './submitCommand.ts'

/** Adds the commands that submit jobs and look after them and the card. They throw what went wrong as a whole, and tell the session the rest. */
export function registerJobCommands(program: Command, session: Session): void {
  addSubmitCommand(program, session)
  addLookingCommands(program, session)
  addActingCommands(program, session)
  addCardCommands(program, session)
  addQuarantineCommands(program, session)
}
