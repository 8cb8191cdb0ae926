import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import which from 'which'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { type EnvironmentOptions, ensureEnvironment, findEnvironment } from './environment.ts'
import { EnvironmentError } from './environmentError.ts'
import { tinyList } from './testing/tinyPackage.ts'

/** One for the file, so that uv is brought once. */
let cacheDir: string
let python: string

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'ourvidz-python-'))
  // The real one: a shim looks for it anew with every call.
  python = (await execa('python3', ['-c', 'import sys; print(sys.executable)'])).stdout
})

afterAll(() => rm(cacheDir, { recursive: true, force: true }))

async function machine(given: Partial<EnvironmentOptions> = {}) {
  const folder = await temporaryDirectory()
  const told: string[] = []
  const list = given.list ?? (await tinyList(folder))
  const options = { python, cacheDir, list, tell: (line: string) => told.push(line), ...given }
  return { folder, told, options }
}

/** What the tiny package says, asked in an environment. */
const says = async (path: string) =>
  (await execa(path, ['-I', '-c', 'import bicycle; print(bicycle.SAYS)'])).stdout

async function program(file: string, script: string): Promise<string> {
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}

test('is made from the list once, and found again', async () => {
  const { told, options } = await machine()
  expect(await findEnvironment(options)).toBeNull()
  const path = await ensureEnvironment(options)
  expect(await says(path)).toBe('a red bicycle')
  expect(told.join('\n')).toMatch(/^Making the Python environment .*engine-[0-9a-f]{16} with Python 3\.1/m)

  told.length = 0
  expect(await ensureEnvironment(options)).toBe(path)
  expect(await findEnvironment(options)).toBe(path)
  expect(told).toEqual([])
})

test('one that was left half-made is made anew', async () => {
  const { options } = await machine()
  const path = await ensureEnvironment(options)
  const directory = join(path, '../..')
  await rm(join(directory, 'ourvidz-finished'))
  await writeFile(join(directory, 'leftover'), '')
  expect(await findEnvironment(options)).toBeNull()
  expect(await ensureEnvironment(options)).toBe(path)
  expect(await readdir(directory)).not.toContain('leftover')
  expect(await says(path)).toBe('a red bicycle')
})

test('is on the disk before it is marked as finished', async () => {
  const { folder, options } = await machine()
  const seen = join(folder, 'seen')
  await program(join(folder, 'sync'), `ls -d "$2"/bin/python "$2"/ourvidz-finished > ${seen} 2> /dev/null`)
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  const path = await ensureEnvironment(options)
  vi.unstubAllEnvs()
  expect(await readFile(seen, 'utf8')).toBe(`${path}\n`)
})

test('one whose Python is gone is made anew', async () => {
  const { options } = await machine()
  const path = await ensureEnvironment(options)
  await rm(path)
  await symlink('/nowhere/python3', path)
  expect(await ensureEnvironment(options)).toBe(path)
  expect(await says(path)).toBe('a red bicycle')
})

test('two processes that need it at once make it once', async () => {
  const { options } = await machine()
  const script = `import { ensureEnvironment } from ${JSON.stringify(new URL('./environment.ts', import.meta.url).href)}
    const options = ${JSON.stringify(options)}
    console.log(await ensureEnvironment({ ...options, tell: line => console.log(line) }))`
  const run = () => execa(process.execPath, ['--input-type=module', '-e', script])
  const both = (await Promise.all([run(), run()])).map(({ stdout }) => stdout.split('\n'))
  const [one, other] = both.map(lines => lines.at(-1))
  expect(one).toBe(other)
  expect(both.flat().filter(line => line.startsWith('Making'))).toHaveLength(1)
  expect(await says(one ?? '')).toBe('a red bicycle')
})

test('another list is another environment', async () => {
  const { options } = await machine()
  const other = await machine()
  expect(await ensureEnvironment(options)).not.toBe(await ensureEnvironment(other.options))
})

test('a file with another hash is refused, and nothing is left that would be used', async () => {
  const { folder, options } = await machine()
  const list = await tinyList(folder, { hash: '0'.repeat(64) })
  const failure = await ensureEnvironment({ ...options, list }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(EnvironmentError)
  expect(String(failure)).toMatch(/is not the one that the list names/)
  expect(await findEnvironment({ ...options, list })).toBeNull()
})

test('where the index cannot be reached, the error says so', async () => {
  const { folder, options } = await machine()
  const list = join(folder, 'remote.txt')
  await writeFile(
    list,
    `--index-url http://127.0.0.1:9/simple\nbicycle==1.0 --hash=sha256:${'0'.repeat(64)}\n`,
  )
  vi.stubEnv('UV_HTTP_RETRIES', '0')
  await expect(ensureEnvironment({ ...options, list })).rejects.toThrow(
    /The package index cannot be reached\. Check the network/,
  )
  vi.unstubAllEnvs()
})

test('where uv cannot be brought, pip does it', async () => {
  const { folder, told, options } = await machine()
  const without = await lacking(folder, '*/uv-*', 'Connection refused')
  const path = await ensureEnvironment({ ...options, cacheDir: folder, python: without, path: '/nowhere' })
  expect(told.join('\n')).toMatch(/uv could not be brought, so pip is used/)
  expect(await says(path)).toBe('a red bicycle')
})

test('a wish to stop ends it, and the next one makes it', async () => {
  const { options } = await machine()
  const stop = new AbortController()
  const tell = (line: string) => {
    if (line.startsWith('Making')) stop.abort(new Error('enough'))
  }
  await expect(ensureEnvironment({ ...options, tell, signal: stop.signal })).rejects.toThrow('enough')
  expect(await findEnvironment(options)).toBeNull()
  expect(await says(await ensureEnvironment(options))).toBe('a red bicycle')
})

test('no Python on PATH', async () => {
  const { options } = await machine()
  await expect(ensureEnvironment({ ...options, python: null, path: '/nowhere' })).rejects.toThrow(
    /There is no Python 3\.11 to 3\.14 on PATH\. Install one .*, or set PYTHON/,
  )
})

/** What a Python says of itself. */
const pythonOf = (version: string, level: string) => ({
  ...{ version, level, platform: 'linux-x86_64', base: '/usr', include: '/usr/include' },
  implementation: 'cpython',
})

test('one that was never finished is none', async () => {
  const { folder, options } = await machine()
  const told = JSON.stringify(pythonOf('3.11.0', 'candidate'))
  const candidate = await program(join(folder, 'python3.11'), `echo '${told}'`)
  await expect(ensureEnvironment({ ...options, python: candidate })).rejects.toThrow(
    /it is a candidate of Python 3\.11\.0/,
  )
})

test('one that is too old is passed over on PATH, and refused where PYTHON names it', async () => {
  const { folder, options } = await machine()
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const old = await program(join(bin, 'python3'), `echo '${JSON.stringify(pythonOf('3.9.2', 'final'))}'`)
  await program(join(bin, 'python3.13'), 'echo hello')
  await symlink(python, join(bin, 'python3.12'))
  expect(await ensureEnvironment({ ...options, python: null, path: bin })).toBe(
    await ensureEnvironment(options),
  )
  await expect(ensureEnvironment({ ...options, python: old })).rejects.toThrow(
    /PYTHON names .*bin\/python3, which cannot be used; .*\n.*it is Python 3\.9\.2/,
  )
  await expect(ensureEnvironment({ ...options, python: join(bin, 'python3.13') })).rejects.toThrow(
    /it is no Python/,
  )
  await expect(ensureEnvironment({ ...options, python: join(bin, 'mine') })).rejects.toThrow(
    /it is not there, or not a program/,
  )
})

/** A Python of which some calls fail, as Debian's do without the packages that belong to it. */
const lacking = (folder: string, calls: string, message: string) =>
  program(
    join(folder, 'python3'),
    `case "$*" in ${calls}) echo "${message}"; exit 1;; esac\nexec ${python} "$@"`,
  )

test("Debian's Python without python3-venv, but with pip, is enough: uv makes the environment", async () => {
  const { folder, options } = await machine()
  const bare = await lacking(folder, '*venv*', 'ensurepip is not available')
  const path = await ensureEnvironment({ ...options, cacheDir: folder, python: bare, path: '/nowhere' })
  expect(await says(path)).toBe('a red bicycle')
})

test('without pip too, the error says what to install', async () => {
  const { folder, options } = await machine()
  const bare = await lacking(folder, '*venv*|*pip*', 'No module named ensurepip')
  await expect(
    ensureEnvironment({ ...options, cacheDir: folder, python: bare, path: '/nowhere' }),
  ).rejects.toThrow(/apt-get install python3-venv/)
})

test('a uv on PATH is used as it is', async () => {
  const { folder, told, options } = await machine()
  await ensureEnvironment(options)
  const brought = (await readdir(cacheDir)).find(name => /^uv-[0-9a-f]+$/.test(name)) ?? ''
  await symlink(join(cacheDir, brought, 'bin/uv'), join(folder, 'uv'))
  const own = join(folder, 'cache')
  const path = await ensureEnvironment({ ...options, cacheDir: own, path: folder })
  expect(await says(path)).toBe('a red bicycle')
  expect((await readdir(own)).filter(name => name.startsWith('uv'))).toEqual([])
  expect(await which('uv', { path: folder })).toBe(join(folder, 'uv'))
  expect(told.join('\n')).not.toMatch(/pip/)
})
