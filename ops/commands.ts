import type { Command } from 'commander'
import type { Session } from '../client/cli/session.ts'
import { addCodecServerCommand } from './codecServerCommand.ts'
import { addDoctorCommand } from './doctorCommand.ts'
import { addEncryptionCommands } from './encryptionCommands.ts'
import { addEngineCommands } from './engineCommands.ts'
import { addModelsCommands } from './modelsCommands.ts'

/** Adds the commands of somebody who runs an installation: `doctor`, `models check`, `engine setup`, `engine clean`, `encryption key`, `codec-server`. */
export function registerOperatorCommands(program: Command, session: Session): void {
  addDoctorCommand(program, session)
  addModelsCommands(program, session)
  addEngineCommands(program, session)
  addEncryptionCommands(program, session)
  addCodecServerCommand(program, session)
}
