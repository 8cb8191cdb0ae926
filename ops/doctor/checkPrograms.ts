import { access } from 'node:fs/promises'
import which from 'which'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import type { Config } from '../../runtime/config.ts'
import { type Found, fail, ok } from './finding.ts'
import type { Machine } from './machine.ts'

export async function checkFfmpeg({ engine }: Config): Promise<Found> {
  return ok(await findFfmpeg(engine.ffmpeg))
}

/** Whether the program that WAN_COMMAND names, and the Python that runs it, are there. */
export async function checkWanCommand({ config: { engine } }: Machine, command: string): Promise<Found> {
  const python = await which(engine.wanCommandPython, { path: engine.path, nothrow: true })
  if (python === null) return fail(`WAN_COMMAND_PYTHON: ${engine.wanCommandPython} is no program`)
  const there = await access(command).then(
    () => true,
    () => false,
  )
  return there ? ok(`${python} ${command}`) : fail(`WAN_COMMAND: ${command} is not there`)
}
