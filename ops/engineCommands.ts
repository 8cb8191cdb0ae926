import { type Command, Option } from 'commander'
import { EXIT } from '../client/cli/exitCodes.ts'
import type { Session } from '../client/cli/session.ts'
import { ensureEnvironment } from '../engines/python/environment.ts'
import { EnvironmentError } from '../engines/python/environmentError.ts'
import { CUDA_LISTS, type CudaList, chooseList, listFile } from '../engines/python/requirementLists.ts'
import { CardError } from '../gpu/cardError.ts'
import { listCards } from '../gpu/nvidiaSmi.ts'
import type { Config } from '../runtime/config.ts'
import { type CleanOptions, cleanEnvironments } from './engineClean.ts'

interface SetupOptions {
  list?: CudaList
  json?: boolean
}

export function addEngineCommands(program: Command, session: Session): void {
  const engine = program.command('engine').description('the inference program')
  engine
    .command('setup')
    .description('make its Python environment now, and print the path of its Python')
    .addOption(
      new Option('--list <name>', 'packages for this CUDA, instead of what the driver says').choices(
        CUDA_LISTS.map(({ name }) => name),
      ),
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The worker does the same when it starts; this is for a quicker first start, and for machines that are prepared without a card.
It needs Python 3.11 to 3.14, about 6 GB in the cache folder (XDG_CACHE_HOME), and the network once.`,
    )
    .action((options: SetupOptions) => setup(session, options))
  engine
    .command('clean')
    .description('list the Python environments of earlier versions, with their sizes')
    .option('--yes', 'and remove those that nothing on this machine uses')
    .option('--json', 'as JSON')
    .action((options: CleanOptions) => cleanEnvironments(session, options))
}

async function setup(session: Session, { list: given, json }: SetupOptions): Promise<void> {
  const config = session.config()
  const tell = (line: string) => void session.stderr.write(`${line}\n`)
  try {
    const list = given ?? (await listOf(config, tell))
    const python = await ensureEnvironment({
      python: config.engine.python,
      cacheDir: config.cacheDir,
      list: listFile(list),
      path: config.engine.path,
      tell,
      signal: session.interrupted,
    })
    session.print(json ? JSON.stringify({ python, list }) : python)
  } catch (error) {
    if (!(error instanceof EnvironmentError || error instanceof CardError)) throw error
    session.stderr.write(`${error.message}\n`)
    session.ended(EXIT.jobFailed)
  }
}

/** All cards of a machine have one driver, so it does not matter here which of them is meant. */
async function listOf({ engine, card }: Config, tell: (line: string) => void): Promise<CudaList> {
  if (engine.device === 'cpu') return chooseList(null)
  const [first] = await listCards(card.nvidiaSmi).catch((error: unknown) => {
    if (!(error instanceof CardError)) throw error
    tell(`${error.message}. Without a driver, the newest packages are taken; --list says otherwise.`)
    return []
  })
  return chooseList(first?.driverVersion ?? null)
}
