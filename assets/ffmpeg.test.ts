import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFfmpeg } from './ffmpeg.ts'

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
