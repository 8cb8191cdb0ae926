import type { Doctor, EngineEntry, Event } from '../doctored.ts'
import { later, shift } from '../doctored.ts'
import { type Case, drawnAt, forgetResults, logOf, otherHost, renderLines } from './case.ts'

/** Draws a job of the clean run once more, `ms` after its first render had ended; on the other host, or in a later life. */
async function drawAgain(
  doctor: Doctor,
  jobId: string,
  { ms, on = 'other' }: { ms: number; on?: 'other' | 'same' },
): Promise<{ from: string; host: string }> {
  const { host, log, lines } = await drawnAt(doctor, jobId)
  const from = later(lines.at(-1)?.at ?? '', ms)
  const target = on === 'same' ? log : otherHost(host).log
  const life: EngineEntry[] = [{ at: later(from, -1), pid: 999_999, event: 'started' }]
  await doctor.edit(target, held => [...held, ...life, ...renderLines(lines, from, 999_999)])
  return { from, host }
}

/** The same in the middle of its last attempt. */
async function drawnInTheMiddle(doctor: Doctor, jobId: string): Promise<void> {
  const { lines } = await drawnAt(doctor, jobId)
  const begun = lines.findLastIndex(({ event }) => event === 'begun')
  const granted = lines.slice(begun).find(({ event }) => event === 'granted')
  const tookMs = Date.parse(lines.at(-1)?.at ?? '') - Date.parse(granted?.at ?? '')
  await drawAgain(doctor, jobId, { ms: -tookMs / 2 })
}

/** Nobody has seen a receipt of it: neither the watcher nor Temporal. */
async function forgetReceipt(doctor: Doctor, jobId: string): Promise<void> {
  await doctor.edit('receipts.jsonl', lines => lines.filter(line => line.jobId !== jobId))
  await forgetResults(doctor, { jobId })
}

/** Adds an activity to a history that ended in a way that the clean run has none of. */
async function addActivity(
  doctor: Doctor,
  jobId: string,
  { name, queue, at, failure }: { name: string; queue: string; at: string; failure: object },
  lastedMs = 20,
): Promise<void> {
  await doctor.editHistory(`job-${jobId}`, events => {
    const [first] = events
    if (first === undefined) throw new Error('an empty history')
    const timeAt = (ms: number): Event['eventTime'] => {
      const event = structuredClone(first)
      event.eventTime = { seconds: 0, nanos: 0 }
      shift(event, Date.parse(at) + ms)
      return event.eventTime
    }
    const closing = 'timeoutFailureInfo' in failure ? 'activityTaskTimedOut' : 'activityTaskFailed'
    const scheduled: Event = {
      eventId: 9001,
      eventType: 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED',
      eventTime: timeAt(-lastedMs),
      activityTaskScheduledEventAttributes: { activityType: { name }, taskQueue: { name: queue } },
    }
    const closed: Event = {
      eventId: 9002,
      eventType: 'EVENT_TYPE_ACTIVITY_TASK_FAILED',
      eventTime: timeAt(-10),
      [`${closing}EventAttributes`]: { scheduledEventId: 9001, failure },
    }
    return [...events.slice(0, -1), scheduled, closed, ...events.slice(-1)]
  })
}

/** Not what the clean run has, so that it is seen to be read. */
const HOST_LOST_MS = 25_000
const SILENT = { timeoutFailureInfo: { timeoutType: 'TIMEOUT_TYPE_SCHEDULE_TO_START' } }
const LOST = { applicationFailureInfo: { type: 'render_lost' } }
const GONE = { applicationFailureInfo: { type: 'model_missing' } }

const outage = (down: string, from: string, ms: number) => ({
  ...{ n: 99, kind: 'doctored', target: down, from, to: later(from, ms) },
  ...{ down: [down], detail: '' },
})

async function addFault(doctor: Doctor, down: string, from: string): Promise<void> {
  await doctor.edit('faults.jsonl', lines => [...lines, outage(down, later(from, -100), 80)])
}

async function setWish(doctor: Doctor, jobId: string, wish: string): Promise<void> {
  await doctor.edit('submissions.jsonl', lines =>
    lines.map(line => (line.jobId === jobId ? { ...line, wish } : line)),
  )
}

async function hostLost(
  doctor: Doctor,
  jobId: string,
  waitedMs = 20,
): Promise<{ from: string; host: string }> {
  const drawn = await drawAgain(doctor, jobId, { ms: 2000 + waitedMs })
  const queue = `uploads.${drawn.host}`
  const silent = { name: 'uploadAssets', queue, at: drawn.from, failure: SILENT }
  await addActivity(doctor, jobId, silent, waitedMs)
  return drawn
}

async function filesLost(doctor: Doctor, jobId: string): Promise<{ from: string; host: string }> {
  const drawn = await drawAgain(doctor, jobId, { ms: 2000, on: 'same' })
  const queue = `uploads.${drawn.host}`
  await addActivity(doctor, jobId, { name: 'uploadAssets', queue, at: drawn.from, failure: LOST })
  return drawn
}

export const RENDER_CASES: Case[] = [
  {
    what: 'a render on the other host though a receipt existed',
    finds: ['rendered-twice'],
    change: async (doctor, { pictures }) => void (await drawAgain(doctor, pictures.jobId, { ms: 2000 })),
  },
  {
    what: 'a worker died after the receipt, of which only Temporal knows',
    finds: ['rendered-twice'],
    async change(doctor, { pictures: { jobId } }) {
      const { from, host } = await drawAgain(doctor, jobId, { ms: 2000, on: 'same' })
      await addFault(doctor, `gpu:${host}`, from)
      await doctor.edit('receipts.jsonl', lines => lines.filter(line => line.jobId !== jobId))
    },
  },
  {
    what: 'a worker died after the receipt, of which only the watcher of its folder knows',
    finds: ['rendered-twice'],
    async change(doctor, { pictures: { jobId } }) {
      const held = await doctor.read('receipts.jsonl')
      await forgetReceipt(doctor, jobId)
      await doctor.edit('receipts.jsonl', () => held)
      const { from, host } = await drawAgain(doctor, jobId, { ms: 2000, on: 'same' })
      await addFault(doctor, `gpu:${host}`, from)
    },
  },
  {
    what: 'a render on the other host while the first still draws',
    finds: ['rendered-at-once'],
    change: (doctor, { video }) => drawnInTheMiddle(doctor, video.jobId),
  },
  {
    what: 'the same, and the first is cancelled then',
    finds: ['rendered-at-once'],
    async change(doctor, { video: { jobId } }) {
      const { log } = await drawnAt(doctor, jobId)
      await forgetReceipt(doctor, jobId)
      await drawnInTheMiddle(doctor, jobId)
      await doctor.edit(log, lines =>
        lines.map(line =>
          line.id === jobId && line.event === 'done' ? { ...line, event: 'cancelled' } : line,
        ),
      )
    },
  },
  {
    what: 'a render on the other host while the program of the first lives and has not let go of it',
    finds: ['rendered-at-once'],
    async change(doctor, { pictures: { jobId } }) {
      const { log, lines } = await drawnAt(doctor, jobId)
      await forgetReceipt(doctor, jobId)
      const { from } = await drawAgain(doctor, jobId, { ms: 2000 })
      const alive = { pid: lines[0]?.pid ?? 0, id: 'enhance-other', lane: 'wan.enhance', outDir: null }
      await doctor.edit(log, held => [
        ...held.filter(({ id, event }) => id !== jobId || event !== 'done'),
        { ...alive, at: later(from, 500), event: 'begun', kind: 'enhance' },
        { ...alive, at: later(from, 600), event: 'done' },
      ])
    },
  },
  {
    what: 'a finished render that left no receipt is made again, and nothing was down',
    finds: ['rendered-twice'],
    async change(doctor, { pictures: { jobId } }) {
      await forgetReceipt(doctor, jobId)
      await drawAgain(doctor, jobId, { ms: 2000, on: 'same' })
    },
  },
  {
    what: 'the same, and its worker was down',
    finds: [],
    counted: ['withoutReceipt', 'worker died before the receipt'],
    async change(doctor, { pictures: { jobId } }) {
      await forgetReceipt(doctor, jobId)
      const { from, host } = await drawAgain(doctor, jobId, { ms: 2000, on: 'same' })
      await addFault(doctor, `gpu:${host}`, from)
    },
  },
  {
    what: 'the same, and its program never wrote another word',
    finds: [],
    counted: ['withoutReceipt', 'program died before its word came'],
    async change(doctor, { pictures: { jobId } }) {
      await forgetReceipt(doctor, jobId)
      const { log, lines } = await drawnAt(doctor, jobId)
      await drawAgain(doctor, jobId, { ms: 2000, on: 'same' })
      // The pid that it had is another program's from now on.
      const [pid, endedAt] = [lines[0]?.pid ?? 0, lines.at(-1)?.at ?? '']
      await doctor.edit(log, held =>
        held.map(line => (line.pid === pid && line.at > endedAt ? { ...line, pid: 999_996 } : line)),
      )
    },
  },
  {
    what: 'the same, and its wish was to make no file',
    finds: [],
    async change(doctor, { pictures: { jobId } }) {
      await forgetReceipt(doctor, jobId)
      await drawAgain(doctor, jobId, { ms: 2000, on: 'same' })
      await setWish(doctor, jobId, 'no_file:once')
    },
  },
  {
    what: 'a host was silent for so long that it counted as lost, and was down',
    finds: [],
    counted: ['withReceipt', 'host lost'],
    async change(doctor, { pictures: { jobId } }) {
      const { from, host } = await hostLost(doctor, jobId)
      await addFault(doctor, `gpu:${host}`, from)
    },
  },
  {
    what: 'the same, and it was not down',
    finds: ['rendered-twice'],
    change: async (doctor, { pictures }) => void (await hostLost(doctor, pictures.jobId)),
  },
  {
    what: 'the same, and it was down for a moment, came back and took up other work',
    finds: ['rendered-twice'],
    async change(doctor, { pictures: { jobId } }) {
      const { from, host } = await hostLost(doctor, jobId, 20_000)
      await addFault(doctor, `gpu:${host}`, later(from, -18_000))
      const other = { pid: 999_998, id: 'enhance-other', lane: 'wan.enhance', outDir: null }
      await doctor.edit(logOf(host), lines => [
        ...lines,
        { ...other, at: later(from, -10_000), event: 'begun', kind: 'enhance' },
        { ...other, at: later(from, -9000), event: 'done' },
      ])
    },
  },
  ...[30_000, 15_000].map(
    (awayMs): Case => ({
      what: `a host counted as lost while its program still drew, and was away for ${awayMs} ms`,
      finds: awayMs > HOST_LOST_MS ? [] : ['rendered-at-once'],
      ...(awayMs > HOST_LOST_MS
        ? { counted: ['withoutReceipt', 'cut off for longer than a host counts as lost'] }
        : {}),
      async change(doctor, { pictures: { jobId } }) {
        const { from, host } = await hostLost(doctor, jobId, 40_000)
        await forgetReceipt(doctor, jobId)
        await doctor.edit('run.json', run => ({
          ...run,
          bounds: { ...run.bounds, hostLostMs: HOST_LOST_MS },
        }))
        await doctor.edit(logOf(host), lines =>
          lines.map(line => {
            if (line.id !== jobId) return line
            // A program of its own: the one that drew it may have died over another job since.
            const at = line.event === 'done' ? later(from, 500) : line.at
            return { ...line, pid: 999_997, at }
          }),
        )
        const away = outage(`gpu:${host}`, later(from, -awayMs), awayMs + 100)
        const kind = 'cut-off-from-temporal-until-lost'
        await doctor.edit('faults.jsonl', lines => [...lines, { ...away, kind }])
      },
    }),
  ),
  {
    what: 'the same, and only the other host was down',
    finds: ['rendered-twice'],
    async change(doctor, { pictures: { jobId } }) {
      const { from, host } = await hostLost(doctor, jobId)
      await addFault(doctor, `gpu:${otherHost(host).host}`, from)
    },
  },
  {
    what: 'files were lost with a full disk',
    finds: [],
    counted: ['withReceipt', 'files lost'],
    async change(doctor, { pictures: { jobId } }) {
      const { from, host } = await filesLost(doctor, jobId)
      await addFault(doctor, `disk:${host}`, from)
    },
  },
  {
    what: 'files were lost and the disk was not full',
    finds: ['rendered-twice'],
    change: async (doctor, { pictures }) => void (await filesLost(doctor, pictures.jobId)),
  },
  {
    what: 'an operator had released the job from quarantine',
    finds: [],
    counted: ['withReceipt', 'released'],
    async change(doctor, { pictures: { jobId } }) {
      const { from } = await drawAgain(doctor, jobId, { ms: 2000 })
      const at = later(from, -500)
      await doctor.edit('actions.jsonl', lines => [
        ...lines,
        { at, kind: 'release', jobId, ok: true, detail: '' },
      ])
    },
  },
  {
    what: 'an operator had released another job',
    finds: ['rendered-twice'],
    async change(doctor, { pictures, video: { jobId } }) {
      const { from } = await drawAgain(doctor, pictures.jobId, { ms: 2000 })
      const at = later(from, -500)
      await doctor.edit('actions.jsonl', lines => [
        ...lines,
        { at, kind: 'release', jobId, ok: true, detail: '' },
      ])
    },
  },
  ...[true, false].map(
    (mayDropReference): Case => ({
      what: `the plan changed as a model was missing, and the reference ${mayDropReference ? 'might' : 'might not'} go`,
      finds: mayDropReference ? [] : ['rendered-twice'],
      async change(doctor, { pictures: { jobId } }) {
        const { from, host } = await drawAgain(doctor, jobId, { ms: 2000 })
        await doctor.edit(otherHost(host).log, lines =>
          lines.map(line =>
            line.pid === 999_999 && typeof line.outDir === 'string'
              ? { ...line, outDir: `renders/${jobId}/${'f'.repeat(64)}/work-1` }
              : line,
          ),
        )
        await addActivity(doctor, jobId, { name: 'generate', queue: 'sdxl', at: from, failure: GONE })
        await doctor.edit('submissions.jsonl', lines =>
          lines.map(line => (line.jobId === jobId ? { ...line, mayDropReference, wish: 'changed' } : line)),
        )
      },
    }),
  ),
  {
    what: 'a job ends with the card in hand',
    finds: ['turn-leaked'],
    async change(doctor, { pictures: { jobId } }) {
      const { log } = await drawnAt(doctor, jobId)
      await doctor.edit(log, lines => lines.filter(({ id, event }) => id !== jobId || event !== 'released'))
    },
  },
  {
    what: 'two jobs hold a card at once',
    finds: ['turn-shared'],
    async change(doctor, { video: { jobId } }) {
      const { log, lines } = await drawnAt(doctor, jobId)
      const { granted, lastedMs } = longestTurn(lines)
      const turn = { ...granted, id: 'enhance-other', lane: 'wan.enhance' }
      const [at, until] = [later(granted.at, lastedMs / 3), later(granted.at, lastedMs / 2)]
      await doctor.edit(log, held => [
        ...held,
        { ...turn, at, event: 'begun', kind: 'enhance', outDir: null },
        { ...turn, at, event: 'granted' },
        { ...turn, at: until, event: 'released' },
        { ...turn, at: until, event: 'done' },
      ])
    },
  },
]

/** Others may cut in at once: a turn can be over within milliseconds. */
function longestTurn(lines: readonly EngineEntry[]) {
  const turns = lines.flatMap((granted, index) => {
    if (granted.event !== 'granted') return []
    const end = lines.slice(index).find(({ event }) => event === 'yielded' || event === 'released')
    return end === undefined ? [] : [{ granted, lastedMs: Date.parse(end.at) - Date.parse(granted.at) }]
  })
  const [longest] = turns.toSorted((a, b) => b.lastedMs - a.lastedMs)
  if (longest === undefined) throw new Error('it never had the card')
  return longest
}
