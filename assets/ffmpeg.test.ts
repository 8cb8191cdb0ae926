import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { findFfmpeg } from './ffmpeg.ts'
import { runFfmpeg } from './runFfmpeg.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ffmpeg-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('finds one that runs, from PATH or from the package', async () => {
  const ffmpeg = await findFfmpeg()
  const { stdout } = await execa(ffmpeg, ['-version'])
  expect(stdout).toContain('ffmpeg version')
  expect(await findFfmpeg(ffmpeg)).toBe(ffmpeg)
})

test('says what is wrong with a given one, and does not pass it over', async () => {
  await expect(findFfmpeg(join(folder, 'missing'))).rejects.toThrow(/missing: not found/)
  const poor = join(folder, 'poor')
  await writeFile(poor, '#!/bin/sh\necho " V..... mpeg4"\n')
  await chmod(poor, 0o755)
  await expect(findFfmpeg(poor)).rejects.toThrow('no libx264')
})

test('inherits none of our keys', async () => {
  vi.stubEnv('SUPABASE_SERVICE_ROLE_KEY', 'hush')
  onTestFinished(() => void vi.unstubAllEnvs())
  const tells = join(folder, 'tells')
  await writeFile(tells, `#!/bin/sh\necho libx264\nenv | tee '${folder}/seen'\n`)
  await chmod(tells, 0o755)
  await findFfmpeg(tells)
  const seen = [await readFile(join(folder, 'seen'), 'utf8'), `${(await runFfmpeg(tells, [])).stdout}`]
  for (const environment of seen) {
    expect(environment).toContain(`PATH=${process.env.PATH}`)
    expect(environment).not.toContain('hush')
  }
})
