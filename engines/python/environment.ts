import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { others } from './earlierEnvironments.ts'
import { EnvironmentError } from './environmentError.ts'
import { explainInstall } from './explainInstall.ts'
import { type FoundPython, findPython } from './findPython.ts'
import { findUv } from './findUv.ts'
import { type Installer, installPrograms, pipInstaller, pythonOf, uvInstaller } from './installers.ts'
import { isFinished, makeOnce } from './keptEnvironment.ts'
import { listFile } from './requirementLists.ts'

export interface EnvironmentOptions {
  /** PYTHON: if set, this one or none. */
  python: string | null
  /** Folder in which environments are kept. */
  cacheDir: string
  /** File of the locked list. */
  list: string
  /** What its folder's name begins with. */
  name?: string
  /** Where Python and uv are looked for; this process's own PATH by default. */
  path?: string
  /** Told what takes long. */
  tell?: (line: string) => void
  signal?: AbortSignal
}

/**
 * Path of a Python that has exactly the packages of a locked list: found in the cache, or made now, which takes minutes for
 * the engine's. Throws {@link EnvironmentError}, which says what to do.
 */
export async function ensureEnvironment(options: EnvironmentOptions): Promise<string> {
  const { tell = () => {}, signal } = options
  const python = await findPython(options)
  const directory = await directoryOf(options, python)
  await makeOnce(directory, () => make(directory, python, options), { tell, signal })
  return pythonOf(directory)
}

/** As {@link ensureEnvironment}, but null where it would have to be made. */
export async function findEnvironment(options: EnvironmentOptions): Promise<string | null> {
  const directory = await directoryOf(options, await findPython(options))
  return (await isFinished(directory)) ? pythonOf(directory) : null
}

/** Where {@link ensureEnvironment} keeps it, made or not. Throws {@link EnvironmentError} where there is no Python. */
export async function environmentFolder(options: EnvironmentOptions): Promise<string> {
  return await directoryOf(options, await findPython(options))
}

/** Named by all that the environment depends on: the list, the Python's version and place, the platform. */
async function directoryOf(options: EnvironmentOptions, python: FoundPython): Promise<string> {
  const { version, platform, base } = python
  const hash = createHash('sha256')
    .update(await readFile(options.list))
    .update(JSON.stringify([version, platform, base]))
  return join(options.cacheDir, `${options.name ?? 'engine'}-${hash.digest('hex').slice(0, 16)}`)
}

async function make(directory: string, python: FoundPython, options: EnvironmentOptions): Promise<void> {
  const { tell = () => {} } = options
  await mkdir(options.cacheDir, { recursive: true })
  const installer = await chooseInstaller(python, options)
  tell(`Making the Python environment ${directory} with Python ${python.version}, once…`)
  await fill(directory, python, installer, options)
  const earlier = await others(directory)
  if (earlier.length > 0)
    tell(`Earlier ones are kept: ${earlier.join(' ')}; ourvidz engine clean removes them`)
}

async function fill(
  directory: string,
  python: FoundPython,
  installer: Installer,
  { cacheDir: cwd, list, tell = () => {}, signal }: EnvironmentOptions,
): Promise<void> {
  const created = await installer.createEnvironment(directory, python.path, { cwd, signal })
  if (!created.ok) throw explainInstall(`Making a virtual environment with ${python.path}`, created.said)
  const onLine = (line: string) => {
    if (WORTH_TELLING.test(line)) tell(line.trim())
  }
  const installed = await installer.install(directory, list, { cwd, signal, onLine })
  if (!installed.ok) throw explainInstall('Installing the Python packages', installed.said)
}

/** What takes long; not the name of every package. */
const WORTH_TELLING = /^(Downloading|Prepared|Installed|Bytecode compiled|Installing collected)/

/** uv: from PATH, or brought; pip where it cannot be brought. */
async function chooseInstaller(python: FoundPython, options: EnvironmentOptions): Promise<Installer> {
  const { path, signal, tell = () => {} } = options
  const found = await findUv(path, signal)
  if (found !== null) return uvInstaller(found)
  try {
    return uvInstaller(await bringUv(python, options))
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    tell(`uv could not be brought, so pip is used, which is slower: ${error.message.split('\n')[0]}`)
    return pipInstaller
  }
}

async function bringUv(python: FoundPython, options: EnvironmentOptions): Promise<string> {
  const { cacheDir, signal, tell = () => {} } = options
  const own: EnvironmentOptions = {
    python: python.path,
    cacheDir,
    list: listFile('uv'),
    name: 'uv',
    ...(signal ? { signal } : {}),
  }
  const directory = await directoryOf(own, python)
  const program = join(directory, 'bin', 'uv')
  async function make() {
    const { ok } = await installPrograms(python.path, directory, own.list, { cwd: cacheDir, signal })
    if (!ok) await fill(directory, python, pipInstaller, own)
  }
  await makeOnce(directory, make, { program, tell, signal })
  return program
}
