import type { Config } from '../../runtime/config.ts'
import { checkCallback, checkClock } from './checkCallback.ts'
import { checkCard } from './checkCard.ts'
import { checkCertificates } from './checkCertificates.ts'
import { checkCompiler } from './checkCompiler.ts'
import { checkConfiguration } from './checkConfiguration.ts'
import { checkDisk } from './checkDisk.ts'
import { checkEncryption } from './checkEncryption.ts'
import { checkEnvironment } from './checkEnvironment.ts'
import { checkModels } from './checkModels.ts'
import { checkFfmpeg, checkWanCommand } from './checkPrograms.ts'
import { checkStore } from './checkStore.ts'
import { checkTemporal } from './checkTemporal.ts'
import type { Check } from './finding.ts'
import { createMachine } from './machine.ts'

/** Everything that an operator can get wrong, in the order in which it is told. */
export function createChecks(config: Config): Check[] {
  const machine = createMachine(config)
  const { wanCommand } = config.engine
  const { tlsCertFile, tlsCaFile } = config.temporal
  const check = (name: string, run: Check['run'], limitMs = 20_000): Check => ({ name, limitMs, run })
  return [
    check('configuration', async () => checkConfiguration(config)),
    check('temporal', () => checkTemporal(config)),
    ...(tlsCertFile === null && tlsCaFile === null
      ? []
      : [check('certificates', () => checkCertificates(config.temporal))]),
    check('encryption', async () => checkEncryption(config)),
    check('store', () => checkStore(config), 60_000),
    check('callback', () => checkCallback(config.callback)),
    check('clock', () => checkClock(config)),
    // The driver may take its time after boot.
    check('card', () => checkCard(machine), 45_000),
    check('environment', () => checkEnvironment(machine), 140_000),
    check('compiler', () => checkCompiler(machine)),
    check('ffmpeg', () => checkFfmpeg(config), 30_000),
    ...(wanCommand === null ? [] : [check('wan command', () => checkWanCommand(machine, wanCommand))]),
    check('models', () => checkModels(machine)),
    check('disk', () => checkDisk(config)),
  ]
}
