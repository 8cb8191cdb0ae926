import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../temporaryDirectory.ts'

const bench = (name: string) => fileURLToPath(new URL(`../../bench/gpu/${name}.ts`, import.meta.url))
const LIMIT_MS = 15 * 60_000

test(
  'what measures the engine on a card measures it without one',
  async () => {
    const directory = await temporaryDirectory()
    const [json, markdown] = [join(directory, 'figures.json'), join(directory, 'figures.md')]
    await execa(process.execPath, [
      ...[bench('run'), '--device', 'cpu', '--repeats', '1'],
      ...['--json', json, '--markdown', markdown],
    ])
    const { rates, video, peaks, warmth } = JSON.parse(await readFile(json, 'utf8'))
    // Not compiled where there is no compiler.
    expect([5, 10]).toContain(rates.length)
    expect(peaks).toHaveLength(15)
    for (const { peakMiB } of peaks) expect(peakMiB).toEqual(expect.any(Number))
    expect(video).toMatchObject({ sameFile: true })
    expect(warmth).toHaveLength(2)
    expect(await readFile(markdown, 'utf8')).toContain('## Steps per second')
  },
  LIMIT_MS,
)

test(
  'the sheet of picture pairs has one for each kind of reference',
  async () => {
    const out = join(await temporaryDirectory(), 'pairs.png')
    const { stdout } = await execa(process.execPath, [bench('pairs'), '--out', out], {
      env: { NVIDIA_SMI: '/nowhere' },
    })
    expect(stdout).toContain(out)
  },
  LIMIT_MS,
)
