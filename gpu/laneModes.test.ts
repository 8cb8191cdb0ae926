import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { writeRecord } from '../assets/renderRecords.ts'
import { LANE_MODES } from '../jobs/cardStatus.ts'
import { LANES } from '../jobs/jobTypes.ts'
import { openLaneModes } from './laneModes.ts'

let file: string
let lines: string[]

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanes-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  file = join(folder, 'card', 'lanes.json')
  lines = []
})

const open = () =>
  openLaneModes({ file, write: writeRecord, log: pino({}, { write: (line: string) => lines.push(line) }) })

const never = () => new AbortController().signal
const modesOf = ({ get }: Awaited<ReturnType<typeof open>>) => LANES.map(get)

test('every lane is open where nobody has decided anything, and nothing is written', async () => {
  expect(modesOf(await open())).toEqual(LANES.map(() => 'open'))
  await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('what was decided last is what the next process finds, whatever came before and at once', async () => {
  const decision = fc.record({ lanes: fc.subarray([...LANES]), mode: fc.constantFrom(...LANE_MODES) })
  await fc.assert(
    fc.asyncProperty(fc.array(decision, { maxLength: 8 }), async decisions => {
      await rm(dirname(file), { recursive: true, force: true })
      const lanes = await open()
      await Promise.all(decisions.map(({ lanes: some, mode }) => lanes.set(some, mode)))
      const expected = LANES.map(
        lane => decisions.findLast(({ lanes: some }) => some.includes(lane))?.mode ?? 'open',
      )
      expect(modesOf(lanes)).toEqual(expected)
      expect(modesOf(await open())).toEqual(expected)
      expect((await readdir(dirname(file)).catch(() => [])).filter(name => name !== 'lanes.json')).toEqual([])
    }),
    { numRuns: 30 },
  )
})

test('a listener hears of changes only', async () => {
  const lanes = await open()
  const heard: string[] = []
  lanes.onChange((lane, mode) => heard.push(`${lane} ${mode}`))
  await lanes.set(['sdxl', 'wan.video'], 'paused')
  await lanes.set(['sdxl'], 'paused')
  await lanes.set(LANES, 'draining')
  expect(heard.slice(0, 2)).toEqual(['sdxl paused', 'wan.video paused'])
  expect(heard.slice(2)).toEqual(LANES.map(lane => `${lane} draining`))
})

test('who waits for a lane goes on when it opens, not before, and not when it gives up', async () => {
  const lanes = await open()
  await lanes.opened('sdxl', never())
  await lanes.set(['sdxl', 'wan.image'], 'paused')
  let through = false
  const waiting = lanes.opened('sdxl', never()).then(() => {
    through = true
  })
  const leaving = new AbortController()
  const left = lanes.opened('sdxl', leaving.signal)
  leaving.abort('no longer needed')
  await expect(left).rejects.toBe('no longer needed')
  await expect(lanes.opened('sdxl', AbortSignal.abort('before'))).rejects.toBe('before')
  await lanes.set(['wan.image'], 'open')
  await lanes.set(['sdxl'], 'draining')
  expect(through).toBe(false)
  await lanes.set(['sdxl'], 'open')
  await waiting
})

test.each([
  ['half a file', '{"sdxl":"pau'],
  ['a lane that is none', '{"sdxl":"paused","sd3":"paused"}'],
  ['a mode that is none', '{"sdxl":"stopped"}'],
  ['something else', '[]'],
  ['nothing', ''],
])('%s counts as no decision, and the log says so', async (_what, text) => {
  await (await open()).set(['sdxl'], 'paused')
  await writeFile(file, text)
  const lanes = await open()
  expect(modesOf(lanes)).toEqual(LANES.map(() => 'open'))
  expect(lines.at(-1)).toContain('all lanes are open')
  await lanes.set(['wan.video'], 'draining')
  expect((await open()).get('wan.video')).toBe('draining')
})

test('what cannot be kept does not take effect, and is told', async () => {
  const lanes = await openLaneModes({
    file: `${dirname(file)}-beside/lanes.json`,
    write: writeRecord,
    log: pino({ level: 'silent' }),
  })
  await writeFile(`${dirname(file)}-beside`, '')
  await expect(lanes.set(['sdxl'], 'paused')).rejects.toThrow()
  expect(lanes.get('sdxl')).toBe('open')
  await rm(`${dirname(file)}-beside`)
  await lanes.set(['sdxl'], 'paused')
  expect(lanes.get('sdxl')).toBe('paused')
})
