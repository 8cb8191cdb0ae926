import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { jobTypeNames } from '../jobs/jobTypes.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { processesWith } from './testing/processes.ts'

const PROGRAM = fileURLToPath(new URL('../bin/ourvidz.ts', import.meta.url))
const LIMIT_MS = 180_000

const resultSchema = z.object({
  jobs: z.array(
    z.looseObject({
      type: z.string(),
      status: z.string(),
      referenceMode: z.string(),
      assets: z.array(z.unknown()),
    }),
  ),
  contactSheet: z.string(),
})

test(
  'runs all job types and reference modes to the end, shows them on one sheet, and leaves nothing behind',
  async () => {
    const dataDir = await temporaryDirectory()
    const { stdout, stderr, exitCode } = await execa(
      process.execPath,
      [PROGRAM, 'demo', '--speed', '0', '--json', '--no-keep'],
      { env: { DATA_DIR: dataDir }, reject: false },
    )
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    const { jobs, contactSheet } = resultSchema.parse(JSON.parse(stdout))
    expect(new Set(jobs.map(job => job.status))).toEqual(new Set(['completed']))
    expect(new Set(jobs.map(job => job.type))).toEqual(new Set(jobTypeNames))
    const videos = jobs.filter(job => job.type.startsWith('video'))
    expect(new Set(videos.map(job => job.referenceMode))).toEqual(
      new Set(['none', 'single', 'start', 'end', 'both']),
    )
    expect(new Set(jobs.map(job => job.assets.length))).toEqual(new Set([1, 3, 6]))
    expect(contactSheet).toBe(join(dataDir, 'demo/contact-sheet.png'))
    expect(await sharp(contactSheet).metadata()).toMatchObject({ format: 'png', width: 1880 })
    expect(processesWith(dataDir)).toEqual([])
  },
  LIMIT_MS,
)
