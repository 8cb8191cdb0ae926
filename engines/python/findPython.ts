import { resolve } from 'node:path'
import which from 'which'
import { z } from 'zod'
import { EnvironmentError } from './environmentError.ts'
import { runTool } from './runTool.ts'

/** The versions that the locked lists have wheels for; `requires-python` in pyproject.toml says the same. */
const OLDEST_MINOR = 11
const NEWEST_MINOR = 14

const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14']

export interface FoundPython {
  path: string
  /** As `3.12.4`. */
  version: string
  /** As `linux-x86_64`. */
  platform: string
  /** The installation that a virtual environment of it stands on. */
  base: string
  /** Folder that Python.h belongs in. */
  include: string
}

const PROBE = `import json, sys, sysconfig
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "level": sys.version_info.releaselevel,
    "platform": sysconfig.get_platform(),
    "base": sys.base_prefix,
    "include": sysconfig.get_path("include"),
    "implementation": sys.implementation.name,
}))`

const probeSchema = z.object({
  version: z.string(),
  level: z.string(),
  platform: z.string(),
  base: z.string(),
  include: z.string(),
  implementation: z.string(),
})

/**
 * A Python that the engine's environment can be made with: the one that PYTHON names, or else the first on a PATH that is
 * new enough. Throws {@link EnvironmentError}, which lists what was found; a named one that cannot be used is never passed over.
 */
export async function findPython(options: {
  python: string | null
  path?: string | undefined
  signal?: AbortSignal | undefined
}): Promise<FoundPython> {
  const { python, path, signal } = options
  const tried: string[] = []
  for (const name of python === null ? CANDIDATES : [python]) {
    for (const file of await onPath(name, path)) {
      const found = await probe(file, signal)
      if (typeof found !== 'string') return found
      tried.push(`${file}: ${found}`)
    }
  }
  const needed = `Python 3.${OLDEST_MINOR} to 3.${NEWEST_MINOR}`
  const list = tried.map(line => `\n  ${line}`).join('')
  if (python !== null) {
    throw new EnvironmentError(
      `PYTHON names ${python}, which cannot be used; ${needed} is needed:${list || '\n  it is not there, or not a program'}`,
    )
  }
  throw new EnvironmentError(
    `There is no ${needed} on PATH. Install one (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv; elsewhere: uv python install 3.12), or set PYTHON to its path.${list}`,
  )
}

async function onPath(name: string, path: string | undefined): Promise<string[]> {
  const found = await which(name, { all: true, nothrow: true, ...(path === undefined ? {} : { path }) })
  return (found ?? []).map(file => resolve(file))
}

/** What a program says of itself, or why it is no Python of use. */
async function probe(file: string, signal: AbortSignal | undefined): Promise<FoundPython | string> {
  const { ok, said } = await runTool(file, ['-I', '-S', '-c', PROBE], { cwd: '/', signal })
  if (!ok) return said.split('\n')[0] ?? 'it does not run'
  const parsed = probeSchema.safeParse(parseJson(said))
  if (!parsed.success) return 'it is no Python'
  const { implementation, level, ...found } = parsed.data
  const [major, minor] = found.version.split('.').map(Number)
  if (implementation !== 'cpython') return `it is ${implementation}, not CPython`
  // Ubuntu 22.04 has a python3.11 that was never finished, under which torch is known to crash.
  if (level !== 'final') return `it is a ${level} of Python ${found.version}`
  const fits = major === 3 && minor !== undefined && minor >= OLDEST_MINOR && minor <= NEWEST_MINOR
  return fits ? { path: file, ...found } : `it is Python ${found.version}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
