import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { findTemporalBinary, TemporalBinaryError, type TemporalBinaryOptions } from './temporalBinary.ts'

const CACHED = 'temporal-v1.5.1/temporal'

/** A program that says what `temporal --version` says. */
async function fakeTemporal(file: string, server = '1.29.1'): Promise<string> {
  return fakeProgram(file, `echo "temporal version 1.5.1 (Server ${server}, UI 2.42.1)"`)
}

async function fakeProgram(file: string, script: string): Promise<string> {
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}

/** A machine with nothing on it and no network; told lines are collected. */
async function bareMachine() {
  const root = await temporaryDirectory()
  const told: string[] = []
  const options: TemporalBinaryOptions = {
    cli: null,
    cacheDir: join(root, 'cache'),
    path: join(root, 'bin'),
    tell: line => told.push(line),
    download: { releases: 'http://127.0.0.1:9' },
  }
  return { root, told, options, bin: (name: string) => join(root, 'bin', name) }
}

/** A release host with one archive, and how often it was asked for. */
async function releaseHost(folder: string) {
  await fakeTemporal(join(folder, 'release/temporal'))
  await execa('tar', ['-czf', join(folder, 'a.tar.gz'), '-C', join(folder, 'release'), 'temporal'])
  const archive = await readFile(join(folder, 'a.tar.gz'))
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(archive)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, download: { releases, archive: { file: 'a.tar.gz', sha256 } } }
}

test('the program that TEMPORAL_CLI names goes before all others', async () => {
  const { root, options, bin } = await bareMachine()
  await fakeTemporal(bin('temporal'))
  const cli = await fakeTemporal(join(root, 'mine'))
  expect(await findTemporalBinary({ ...options, cli })).toBe(cli)
})

test.each([
  ['is not there', async () => {}],
  ['is too old', (file: string) => fakeTemporal(file, '1.25.0')],
  ['is something else', (file: string) => fakeProgram(file, 'echo hello')],
])('one named by TEMPORAL_CLI that %s is an error, not passed over', async (_what, make) => {
  const { root, options, bin } = await bareMachine()
  await fakeTemporal(bin('temporal'))
  const cli = join(root, 'mine')
  await make(cli)
  await expect(findTemporalBinary({ ...options, cli })).rejects.toThrow(/TEMPORAL_CLI names .*mine, which/)
})

test('PATH goes before the cache, but not with a program that is too old', async () => {
  const { options, bin } = await bareMachine()
  const cached = await fakeTemporal(join(options.cacheDir, CACHED))
  const onPath = await fakeTemporal(bin('temporal'))
  expect(await findTemporalBinary(options)).toBe(onPath)
  await fakeTemporal(onPath, '1.28.9')
  expect(await findTemporalBinary(options)).toBe(cached)
})

test('what go built, whose own version says nothing, is known by its server', async () => {
  const { options, bin } = await bareMachine()
  const file = await fakeProgram(
    bin('temporal'),
    'echo "temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)"',
  )
  expect(await findTemporalBinary(options)).toBe(file)
})

test('two that need it at once download it once, and find it again later', async () => {
  const { root, options } = await bareMachine()
  const { asked, download } = await releaseHost(root)
  const both = await Promise.all([1, 2].map(() => findTemporalBinary({ ...options, download })))
  const cached = join(options.cacheDir, CACHED)
  expect(both).toEqual([cached, cached])
  expect(asked).toEqual(['/v1.5.1/a.tar.gz'])
  expect(await findTemporalBinary(options)).toBe(cached)
  expect((await readdir(options.cacheDir)).sort()).toEqual(['temporal-v1.5.1', 'temporal.lock'])
})

test('an archive with another hash is not used, and go builds the program instead', async () => {
  const { root, options, told, bin } = await bareMachine()
  const { download } = await releaseHost(root)
  const wrong = { ...download, archive: { file: 'a.tar.gz', sha256: '0'.repeat(64) } }
  const made = await fakeTemporal(join(root, 'made'))
  await fakeProgram(bin('go'), `[ "$1" = install ] && /bin/cp ${made} "$GOBIN/temporal"; exit 0`)
  expect(await findTemporalBinary({ ...options, download: wrong })).toBe(join(options.cacheDir, CACHED))
  expect(told.join('\n')).toMatch(/Building the Temporal server/)
})

test('where nothing works, the error says what was tried and what to do', async () => {
  const { options, bin } = await bareMachine()
  await fakeTemporal(bin('temporal'), '1.20.0')
  await fakeProgram(bin('go'), '[ "$1" = version ] && exit 0; echo "module is gone" >&2; exit 1')
  const failure = await findTemporalBinary(options).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(TemporalBinaryError)
  const lines = String(failure)
  expect(lines).toMatch(/bin\/temporal: it brings server 1\.20, and 1\.29 is needed/)
  expect(lines).toMatch(/cache.*was not brought yet/)
  expect(lines).toMatch(/download: /)
  expect(lines).toMatch(/go install: .*module is gone/)
  expect(lines).toMatch(/Install the Temporal CLI/)
  expect(await readdir(options.cacheDir)).toEqual(['temporal.lock'])
})
