import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { readCheckpoint } from '../faults/checkpoint.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'

const RUN = fileURLToPath(new URL('../faults/run.ts', import.meta.url))
const MINUTE_MS = 60_000

test('a run of faults that is killed goes on after its last whole round', {
  timeout: 12 * MINUTE_MS,
}, async () => {
  const directory = await temporaryDirectory()
  const run = (...options: string[]) =>
    execa(process.execPath, [
      RUN,
      '--count',
      '4',
      '--round',
      '2',
      '--seed',
      '41',
      '--dir',
      directory,
      ...options,
    ])
  const first = run()
  await expect
    .poll(() => readCheckpoint(directory), { timeout: 5 * MINUTE_MS, interval: 500 })
    .toMatchObject({ rounds: [{ seed: 41, faults: 2 }] })
  const before = await readFile(join(directory, 'checkpoint.json'), 'utf8')
  first.kill('SIGKILL')
  await expect(first).rejects.toMatchObject({ signal: 'SIGKILL' })
  expect(await readFile(join(directory, 'checkpoint.json'), 'utf8')).toBe(before)

  const { stdout } = await run('--resume', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ rounds: 2, faults: 4, findings: [] })
  const after = await readCheckpoint(directory)
  expect(after?.rounds[0]).toEqual(JSON.parse(before).rounds[0])
  expect(after?.rounds[1]).toMatchObject({ seed: 42, faults: 2 })
})
