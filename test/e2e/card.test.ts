import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { CardStatus } from '../../client/index.ts'
import { LANES } from '../../jobs/jobTypes.ts'
import { type DevProcess, startDevProcess } from './devProcess.ts'

const LIMIT_MS = 60_000

let dev: DevProcess
let health: string

beforeAll(async () => {
  dev = await startDevProcess()
  const addresses: unknown = JSON.parse(await readFile(join(dev.dataDir, 'dev.json'), 'utf8'))
  const { gpuHealthPort } = z.object({ gpuHealthPort: z.number() }).parse(addresses)
  health = `http://127.0.0.1:${gpuHealthPort}`
}, 90_000)

afterAll(() => dev?.stop())

const modes = (text: string) => {
  const status: CardStatus = JSON.parse(text)
  return status.lanes.map(({ mode }) => mode)
}

test(
  "the card of the development stack, as a table and as JSON, with what was decided of it in the worker's own pages",
  async () => {
    const table = await dev.ourvidz(['card', 'status'])
    expect(table).toMatchObject({ exitCode: 0, stderr: '' })
    expect(table.stdout).toMatch(/^host +dev, at /m)
    expect(table.stdout).toMatch(/^program +ready: preview /m)
    expect(table.stdout).toMatch(/^computes +nobody$/m)
    expect(table.stdout).toMatch(/^wan\.video +open +0 +0 +33 % +0\.0 s +yes$/m)

    const paused = await dev.ourvidz(['card', 'pause', 'wan.video', 'sdxl', '--json'])
    expect(paused).toMatchObject({ exitCode: 0, stderr: '' })
    expect(modes(paused.stdout)).toEqual(['paused', 'open', 'paused', 'open'])
    const drained = await dev.ourvidz(['card', 'drain', 'sdxl'])
    expect(drained.stdout).toMatch(/^sdxl +draining .* no: the lane is draining$/m)

    const ready = await fetch(`${health}/readyz`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({
      ready: true,
      checks: {
        'lane sdxl': { ok: true, note: 'draining' },
        'lane wan.image': { ok: true, note: 'open' },
        'lane wan.video': { ok: true, note: 'paused' },
      },
    })
    const page = await fetch(`${health}/card`)
    expect(page.headers.get('content-type')).toBe('application/json')
    expect(modes(await page.text())).toEqual(['draining', 'open', 'paused', 'open'])

    expect(modes((await dev.ourvidz(['card', 'resume', 'all', '--json'])).stdout)).toEqual(
      LANES.map(() => 'open'),
    )
  },
  LIMIT_MS,
)

test(
  'watching goes on until Ctrl-C, an object a line in a pipe',
  async () => {
    const watched = await dev.ourvidz(['card', 'status', '--watch', '--json'], {
      onOutput(stdout, kill) {
        if (stdout.split('\n').length > 2) kill('SIGINT')
      },
    })
    expect(watched.exitCode).toBe(130)
    const lines = watched.stdout.trim().split('\n')
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ hostId: 'dev' })
  },
  LIMIT_MS,
)

test(
  'what is wrong is told in one line, with its exit code',
  async () => {
    const wrong: [string[], number, string][] = [
      [['card', 'pause', 'wan.videos'], 2, 'It must be sdxl, wan.image, wan.video, wan.enhance, or all.'],
      [['card', 'pause'], 2, "missing required argument 'lane'"],
      [['card', 'status', '--host', 'no body'], 2, 'The id of a host has letters'],
      [['card', 'status', '--host', 'nobody'], 3, 'No GPU worker of host nobody answers.'],
    ]
    for (const [args, exitCode, message] of wrong) {
      const end = await dev.ourvidz(args)
      expect([args, end.exitCode, end.stdout]).toEqual([args, exitCode, ''])
      expect(end.stderr).toContain(message)
      expect(end.stderr).not.toMatch(/^ +at /m)
    }
    const help = await dev.ourvidz(['card', '--help'])
    expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Examples:') })
  },
  LIMIT_MS,
)
