import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { pino } from 'pino'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import { verifyRenderedFile } from '../../assets/inspect.ts'
import { createRenderStore } from '../../assets/renders.ts'
import { createRenderDesk } from '../../engines/renderDesk.ts'
import { createProgramHarness, renderJob } from '../../engines/testing/programHarness.ts'
import type { RenderLane } from '../../jobs/jobTypes.ts'
import type { RenderReceipt } from '../../jobs/receipt.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { HOSTILE_ENGINES } from './corpus/engineMessages.ts'
import { watchFolder } from './folderWatch.ts'
import { ended, fuzz } from './fuzz.ts'
import { programEnv } from './programEnv.ts'

const PROGRAM = fileURLToPath(new URL('hostileProgram.ts', import.meta.url))
/** Of another user; it must be nowhere among what this job gives. */
const OTHERS = 'renders-of-others'
/** The programs copy the good picture, and read nothing else; not every file system notes it. */
const DRAWING = 'read good.png'

/** A hostile program under the real driver, the real desk and the real checks of its files. */
async function openDesk() {
  const folder = await temporaryDirectory()
  const goodPicture = join(folder, 'good.png')
  const othersPicture = join(folder, OTHERS, '0.png')
  await mkdir(join(folder, OTHERS))
  for (const [file, step] of [
    [goodPicture, 1],
    [othersPicture, 3],
  ] as const) {
    // Nothing but their colours tells them apart.
    const pixels = Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, n) => (n * n * step) % 251))
    await sharp(pixels, { raw: { width: 64, height: 48, channels: 3 } })
      .png()
      .toFile(file)
  }
  const harness = createProgramHarness()
  const [mark = '', value = ''] = harness.mark.split('=')
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: line => void lines.push(line) })
  const program = harness.program('normal', {
    args: [PROGRAM],
    env: {
      [mark]: value,
      ...(await programEnv(goodPicture, othersPicture)),
    },
    silenceMs: 1_500,
    laneBreaker: { crashes: Number.MAX_SAFE_INTEGER },
    respawn: { backoffMs: 1, backoffMaxMs: 1, breakerCrashes: Number.MAX_SAFE_INTEGER },
    log,
  })
  onTestFinished(async () => expect(await harness.leftovers()).toEqual([]))
  const renders = createRenderStore({ directory: join(folder, 'renders') })
  const ffmpeg = await findFfmpeg()
  const verifyFile = (file: string, expected: Parameters<typeof verifyRenderedFile>[1]) =>
    verifyRenderedFile(file, expected, ffmpeg)
  const desk = createRenderDesk({ program, renders, hostId: 'hostile', verifyFile, log })
  function render(simulate: string, lane: RenderLane = 'sdxl'): Promise<RenderReceipt> {
    const { references, ...job } = renderJob(simulate)
    return desk.render({
      ...{ jobId: randomUUID(), planHash: 'a'.repeat(64), lane, job, cardSecondsLimit: 60 },
      references: async () => references,
    })
  }
  await program.start()
  return { folder, program, render, lines, watch: await watchFolder(folder, ['renders']) }
}

/**
 * The program is killed at its twentieth line that is no event, whoever has the card just then: its count goes on over
 * several jobs, and a job that it was not due to is tried again.
 */
async function endOf(work: () => Promise<RenderReceipt>, ends: readonly string[]) {
  const first = await oneEnd(work())
  return first.code === 'engine_crashed' && !ends.includes(first.code) ? await oneEnd(work()) : first
}

async function oneEnd(work: Promise<RenderReceipt>) {
  const told = await work.then(receipt => JSON.stringify(receipt), String)
  return { code: await ended(work), told }
}

/** What goes into histories, callbacks and logs. */
function expectModest(told: string): void {
  expect(told.length).toBeLessThan(12_000)
  expect(told).not.toContain('a red bicycle')
  expect(told).not.toMatch(/\\u0000|\\u001b/)
}

test('every hostile program ends typed, touches nothing of others, and leaves the card to the next job', async () => {
  const { program, render, lines, watch } = await openDesk()
  const roomMiB = process.resourceUsage().maxRSS / 1024 + 400
  for (const { name, ends } of HOSTILE_ENGINES) {
    const { code, told } = await endOf(() => render(name), ends)
    expect(ends, `${name}: ${told}`).toContain(code)
    expectModest(told)
    for (const lane of ['sdxl', 'wan.video'] as const) {
      const after = await endOf(() => render('a good job', lane), ['completed'])
      expect(after.code, `after ${name}: ${after.told}`).toBe('completed')
    }
  }
  expect((await watch.changes()).filter(change => change !== DRAWING)).toEqual([])
  expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(roomMiB)
  expect(program.tasks().holder).toBeNull()
  for (const ms of Object.values(program.tasks().heldMs)) expect(ms).toBeLessThan(600_000)
  expect(lines.join('')).not.toContain('a red bicycle')
  expect('polluted' in {}).toBe(false)
})

test('lines of any bytes end typed, and the next job is drawn', async () => {
  const { program, render, watch } = await openDesk()
  const works: Promise<unknown>[] = []
  const odd = fc.oneof(
    fc.constantFrom<unknown>(-1, Infinity, 1e300, null, '', '..', '__proto__', [], {}),
    fc.string(),
    fc.double(),
  )
  const type = fc.constantFrom(
    'want',
    'released',
    'yielded',
    'progress',
    'artifact',
    'done',
    'failed',
    'ready',
    'loading',
    'unneeded',
    'accepted',
    'pong',
  )
  const event = fc
    .tuple(
      type,
      fc.dictionary(
        fc.constantFrom(
          'id',
          'lane',
          'heldMs',
          'step',
          'total',
          'phase',
          'path',
          'seed',
          'models',
          'memory',
          'timings',
          'peakMiB',
          'code',
          'model',
        ),
        odd,
      ),
    )
    .map(([kind, fields]) => Buffer.from(`${JSON.stringify({ ...fields, type: kind })}\n`))
  const bytes = fc
    .array(fc.oneof(event, event, fc.uint8Array({ maxLength: 100 })), { minLength: 1, maxLength: 6 })
    .map(parts => Buffer.concat(parts))
  await fc.assert(
    fc.asyncProperty(bytes, async raw => {
      // Its end is that of silence at the latest, so it goes on beside a job that is well.
      const work = render(`raw:${raw.toString('base64')}`, 'wan.image')
      expect((await endOf(() => render('a good job'), ['completed'])).code).toBe('completed')
      work.catch(() => {})
      works.push(work)
    }),
    fuzz(60),
  )
  await program.stop(1_000)
  for (const work of works) expect(await ended(work)).toMatch(/^(completed|engine_|canceled)/)
  expect((await watch.changes()).filter(change => change !== DRAWING)).toEqual([])
})
