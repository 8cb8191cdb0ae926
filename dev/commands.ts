import type { Command } from 'commander'
import { addDemoCommand } from './demoCommand.ts'
import { addDevCommand } from './devCommand.ts'
import type { DevSession } from './runStack.ts'

/** Adds `dev` and `demo`, which run the whole pipeline on this machine. */
export function registerDevCommands(program: Command, session: DevSession): void {
  addDevCommand(program, session)
  addDemoCommand(program, session)
}
