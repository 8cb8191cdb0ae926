import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import which from 'which'
import { tryProcessLock } from '../gpu/processLock.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { runOps } from './testing/runOps.ts'

test('engine clean lists environments of earlier lists, and removes only those that nothing uses', async () => {
  const cache = await temporaryDirectory()
  const folder = join(cache, 'ourvidz')
  const env = { PATH: process.env.PATH, XDG_CACHE_HOME: cache }
  expect(await runOps(['engine', 'clean'], env)).toMatchObject({
    exitCode: 0,
    stdout: 'No earlier environment is kept.\n',
  })

  const [old, running, made] = ['0'.repeat(16), '1'.repeat(16), '2'.repeat(16)].map(hash =>
    join(folder, `engine-${hash}`),
  )
  if (!old || !running || !made) throw new Error('three folders')
  for (const directory of [old, running, made]) {
    await mkdir(join(directory, 'bin'), { recursive: true })
    await symlink(await which('sleep'), join(directory, 'bin', 'python'))
    await writeFile(join(directory, 'package'), Buffer.alloc(50_000_000))
  }
  await mkdir(join(folder, 'engine-kept'))
  const sleeping = execa(join(running, 'bin', 'python'), ['600'], { reject: false })
  onTestFinished(async () => {
    sleeping.kill('SIGKILL')
    await sleeping
  })
  const lock = await tryProcessLock(`${made}.lock`)
  onTestFinished(() => lock?.release())

  const listed = await runOps(['engine', 'clean'], env)
  expect(listed.stdout).toBe(
    [
      `not used    0.1 GB  ${old}`,
      `in use      0.1 GB  ${running}`,
      `in use      0.1 GB  ${made}`,
      '',
      'ourvidz engine clean --yes removes those that are not used.',
      '',
    ].join('\n'),
  )
  expect(await readdir(folder)).toContain(`engine-${'0'.repeat(16)}`)

  const cleaned = await runOps(['engine', 'clean', '--yes', '--json'], env)
  expect(JSON.parse(cleaned.stdout)).toEqual([
    { directory: old, bytes: 50_000_000, inUse: false, removed: true },
    { directory: running, bytes: 50_000_000, inUse: true, removed: false },
    { directory: made, bytes: 50_000_000, inUse: true, removed: false },
  ])
  const left = (await readdir(folder)).filter(name => !name.includes('.lock'))
  expect(left.sort()).toEqual([`engine-${'1'.repeat(16)}`, `engine-${'2'.repeat(16)}`, 'engine-kept'])
})
