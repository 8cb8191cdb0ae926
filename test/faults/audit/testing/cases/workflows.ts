import { z } from 'zod'
import { type Doctor, type Event, later, shift } from '../doctored.ts'
import { type Case, drawnAt, logOf } from './case.ts'

const HOUR_MS = 3_600_000
const GAP_MS = 10 * 60_000
/** Longest pause between two tries of a delivery, at the scale of the clean run: a quarter of an hour. */
const LONGEST_PAUSE_MS = 90_000

const atMs = ({ eventTime }: Event) => eventTime.seconds * 1000 + eventTime.nanos / 1e6
const iso = (ms: number) => new Date(ms).toISOString()
const timeOf = (ms: number): Event['eventTime'] => ({
  seconds: Math.floor(ms / 1000),
  nanos: Math.round((ms % 1000) * 1e6),
})

const scheduledSchema = z.object({ activityType: z.object({ name: z.string() }) })
const closingSchema = z.object({ scheduledEventId: z.number() })

/** Of the activity that an event schedules. */
function nameOf({ activityTaskScheduledEventAttributes: attributes }: Event): string | undefined {
  return scheduledSchema.safeParse(attributes).data?.activityType.name
}

/** The event that scheduled the activity whose beginning or end an event tells. */
function scheduledBy(event: Event): number {
  const { activityTaskStartedEventAttributes: started, activityTaskCompletedEventAttributes: completed } =
    event
  return closingSchema.safeParse(started ?? completed).data?.scheduledEventId ?? -1
}

/** Nothing but the faults named by a case excuses anything, and both hosts have been there for long. */
async function strictly(doctor: Doctor): Promise<void> {
  await doctor.edit('run.json', run => ({
    ...run,
    bounds: { ...run.bounds, idleMs: 30_000, recoveryMs: 1000 },
    hosts: run.hosts.map(host => ({ ...host, startedAt: later(host.startedAt, -HOUR_MS) })),
  }))
}

/** The job waits for a card: all that came before its `generate` is ten minutes earlier. Gives the gap. */
async function waitForCard(doctor: Doctor, jobId: string): Promise<{ from: number; to: number }> {
  await strictly(doctor)
  const gap = { from: 0, to: 0 }
  await doctor.editHistory(`job-${jobId}`, events => {
    const scheduled = events.findIndex(event => nameOf(event) === 'generate')
    // The callback beside it was asked for as early, and goes on all the while.
    const beside = events.flatMap(event => (nameOf(event) === 'sendCallback' ? [event.eventId] : []))
    for (const event of events.slice(0, scheduled + 1)) {
      if (!beside.includes(scheduledBy(event))) shift(event, -GAP_MS)
    }
    const at = events[scheduled]
    if (at !== undefined) Object.assign(gap, { from: atMs(at), to: atMs(at) + GAP_MS })
    return events
  })
  return gap
}

/** The workflow was begun ten minutes, or as long as is said, before anything else of it. Gives the gap. */
async function beginLate(
  doctor: Doctor,
  jobId: string,
  gapMs = GAP_MS,
): Promise<{ from: number; to: number }> {
  await strictly(doctor)
  const gap = { from: 0, to: 0 }
  await doctor.editHistory(`job-${jobId}`, events => {
    const [first] = events
    if (first === undefined) throw new Error('an empty history')
    shift(first, -gapMs)
    Object.assign(gap, { from: atMs(first), to: atMs(first) + gapMs })
    return events
  })
  return gap
}

async function addFault(
  doctor: Doctor,
  down: string,
  { from, to }: { from: number; to: number },
  kind = 'doctored',
): Promise<void> {
  const fault = { n: 99, kind, target: down, down: [down], detail: '' }
  await doctor.edit('faults.jsonl', lines => [...lines, { ...fault, from: iso(from), to: iso(to) }])
}

/** The app hears of the end ten minutes after it. Gives the gap. */
async function hearLate(doctor: Doctor, jobId: string): Promise<{ from: number; to: number }> {
  await strictly(doctor)
  const gap = { from: 0, to: 0 }
  await doctor.edit('receiver.jsonl', lines =>
    lines.map(line => {
      if (!line.body.includes(jobId)) return line
      const at = later(line.at, GAP_MS)
      // The last of them is the end.
      Object.assign(gap, { from: Date.parse(line.at), to: Date.parse(at) })
      return { ...line, at }
    }),
  )
  return gap
}

/** Its delivery failed soon after it had begun to try, and somebody asked for another at a time, if at all. */
async function giveUpDelivery(
  doctor: Doctor,
  jobId: string,
  failedMs: number,
  askedMs: number | null,
): Promise<void> {
  await doctor.addHistory(`callback-${jobId}`, `job-${jobId}`, events => {
    const first = events[0]
    if (first === undefined) throw new Error('an empty history')
    const failed: Event = {
      eventId: 2,
      eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_FAILED',
      eventTime: timeOf(failedMs),
    }
    return [{ ...first, eventTime: timeOf(failedMs - 1000) }, failed]
  })
  if (askedMs === null) return
  const asked = { kind: 'redeliver' as const, jobId, ok: true, detail: '', at: iso(askedMs) }
  await doctor.edit('actions.jsonl', actions => [...actions, asked])
}

/** What is told of the last attempt of its `generate`. */
async function lastOf(doctor: Doctor, jobId: string, told: object): Promise<void> {
  await doctor.editHistory(`job-${jobId}`, events => {
    const ours = events.filter(event => nameOf(event) === 'generate').map(({ eventId }) => eventId)
    for (const event of events) {
      const started = event.activityTaskStartedEventAttributes
      if (typeof started === 'object' && ours.includes(scheduledBy(event))) Object.assign(started ?? {}, told)
    }
    return events
  })
}

/** What befalls the hosts while it waits, and whether it waits in vain all the same. */
const HITS: { what: string; hosts: string[]; kind?: string; before?: object | null; idle: boolean }[] = [
  { what: 'one host died, which nobody had given it to', hosts: ['card-1'], idle: true },
  { what: 'both hosts died', hosts: ['card-1', 'card-2'], idle: false },
  {
    what: 'both hosts were restarted in an orderly way',
    hosts: ['card-1', 'card-2'],
    kind: 'restart-patient',
    idle: true,
  },
  {
    what: 'one host died, and an attempt before was heard of no more',
    hosts: ['card-1'],
    before: { timeoutFailureInfo: { timeoutType: 'TIMEOUT_TYPE_HEARTBEAT' } },
    idle: false,
  },
  {
    what: 'one host was restarted in an orderly way, and an attempt before was heard of no more',
    hosts: ['card-1'],
    kind: 'restart-patient',
    before: { timeoutFailureInfo: { timeoutType: 'TIMEOUT_TYPE_HEARTBEAT' } },
    idle: true,
  },
  {
    what: 'one host died, and the attempt before had told of its end',
    hosts: ['card-1'],
    before: { applicationFailureInfo: { type: 'engine_crashed' } },
    idle: true,
  },
]

/** A host that draws something else all the while. */
async function keepBusy(
  doctor: Doctor,
  host: string,
  { from, to }: { from: number; to: number },
  lane = 'wan.enhance',
) {
  const line = { pid: 999_999, id: 'enhance-another', lane }
  await doctor.edit(logOf(host), lines => [
    { pid: line.pid, at: iso(from - 10), event: 'started' },
    { ...line, at: iso(from - 10), event: 'begun', kind: 'enhance', outDir: null },
    { ...line, at: iso(to + 10), event: 'done' },
    { pid: line.pid, at: iso(to + 20), event: 'ended' },
    ...lines,
  ])
}

export const WORKFLOW_CASES: Case[] = [
  {
    what: 'Temporal does not know a job',
    finds: ['job-lost'],
    change: (doctor, { failed: { jobId } }) => doctor.dropHistory(`job-${jobId}`),
  },
  {
    what: 'a job that nobody submitted',
    finds: ['job-unknown'],
    change: (doctor, { failed: { jobId } }) =>
      doctor.edit('submissions.jsonl', lines => lines.filter(line => line.jobId !== jobId)),
  },
  {
    what: 'a job’s workflow still runs',
    finds: ['not-ended'],
    change: (doctor, { failed: { jobId } }) =>
      doctor.editHistory(`job-${jobId}`, events => events.slice(0, -1)),
  },
  {
    what: 'nothing happens to a job after its beginning',
    finds: ['idle'],
    change: async (doctor, { pictures }) => void (await beginLate(doctor, pictures.jobId)),
  },
  ...['control', 'temporal'].map(
    (down): Case => ({
      what: `the same, and ${down} was down`,
      finds: [],
      change: async (doctor, { pictures }) => addFault(doctor, down, await beginLate(doctor, pictures.jobId)),
    }),
  ),
  {
    what: 'the same, and the store was down, which it did not need yet',
    finds: ['idle'],
    change: async (doctor, { pictures }) =>
      addFault(doctor, 'store', await beginLate(doctor, pictures.jobId)),
  },
  {
    what: 'the same, and control was down for the first half',
    finds: ['idle'],
    async change(doctor, { pictures }) {
      const { from, to } = await beginLate(doctor, pictures.jobId)
      await addFault(doctor, 'control', { from, to: (from + to) / 2 })
    },
  },
  {
    what: 'a job waits for a card while both hosts have nothing to do',
    finds: ['idle'],
    change: async (doctor, { pictures }) => void (await waitForCard(doctor, pictures.jobId)),
  },
  {
    what: 'the same, and the receiver was down, which it did not need',
    finds: ['idle'],
    change: async (doctor, { pictures }) =>
      addFault(doctor, 'receiver', await waitForCard(doctor, pictures.jobId)),
  },
  {
    what: 'the same, and one host was busy',
    finds: ['idle'],
    change: async (doctor, { pictures }) =>
      keepBusy(doctor, 'card-1', await waitForCard(doctor, pictures.jobId)),
  },
  ...[true, false].map(
    (its): Case => ({
      what: `the same, and the one that drew it then was busy with ${its ? 'its' : 'another'} lane`,
      finds: its ? [] : ['idle'],
      async change(doctor, { pictures: { jobId } }) {
        const gap = await waitForCard(doctor, jobId)
        const { host, lines } = await drawnAt(doctor, jobId)
        await keepBusy(doctor, host, gap, its ? lines[0]?.lane : 'wan.enhance')
      },
    }),
  ),
  {
    what: 'the same, and both were busy',
    finds: [],
    async change(doctor, { pictures }) {
      const gap = await waitForCard(doctor, pictures.jobId)
      await keepBusy(doctor, 'card-1', gap)
      await keepBusy(doctor, 'card-2', gap)
    },
  },
  ...HITS.map(
    ({ what, hosts, kind = 'kill-gpu', before = null, idle }): Case => ({
      what: `a job waits for a card, and ${what}`,
      finds: idle ? ['idle'] : [],
      async change(doctor, { pictures: { jobId } }) {
        const { from } = await waitForCard(doctor, jobId)
        await doctor.edit('run.json', run => ({ ...run, bounds: { ...run.bounds, recoveryMs: 2 * GAP_MS } }))
        for (const host of hosts)
          await addFault(doctor, `gpu:${host}`, { from: from + 1000, to: from + 1500 }, kind)
        if (before !== null) await lastOf(doctor, jobId, { attempt: 2, lastFailure: before })
      },
    }),
  ),
  {
    what: 'the same, and the job was in quarantine',
    finds: [],
    async change(doctor, { pictures: { jobId } }) {
      const { from } = await waitForCard(doctor, jobId)
      await doctor.editHistory(`job-${jobId}`, events => {
        const status = (id: number, ms: number, value: string): Event => ({
          eventId: id,
          eventType: 'EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
          eventTime: timeOf(ms),
          upsertWorkflowSearchAttributesEventAttributes: {
            searchAttributes: {
              indexedFields: {
                JobStatus: { data: Buffer.from(JSON.stringify(value)).toString('base64') },
              },
            },
          },
        })
        const [held, released] = [
          status(9001, from + 1000, 'quarantined'),
          status(9002, from + GAP_MS, 'processing'),
        ]
        return [...events.slice(0, -1), held, released, ...events.slice(-1)]
      })
    },
  },
  ...[true, false].map(
    (isPause): Case => ({
      what: isPause ? 'it pauses between two tries' : 'it waits for a deadline, which is longer than a pause',
      finds: isPause ? [] : ['idle'],
      async change(doctor, { pictures: { jobId } }) {
        const lastsMs = LONGEST_PAUSE_MS + (isPause ? -1000 : 1000)
        const { from } = await beginLate(doctor, jobId, lastsMs)
        await doctor.editHistory(`job-${jobId}`, ([first, ...others]) => [
          ...(first === undefined ? [] : [first]),
          {
            eventId: 9001,
            eventType: 'EVENT_TYPE_TIMER_STARTED',
            eventTime: timeOf(from),
            timerStartedEventAttributes: { timerId: '1', startToFireTimeout: timeOf(lastsMs) },
          },
          ...others,
        ])
      },
    }),
  ),
  {
    what: 'the app hears of the end ten minutes after it',
    finds: ['idle'],
    change: async (doctor, { failed: { jobId } }) => void (await hearLate(doctor, jobId)),
  },
  {
    what: 'the same: its delivery was given up, and then asked for',
    finds: [],
    async change(doctor, { failed: { jobId } }) {
      const { from, to } = await hearLate(doctor, jobId)
      await giveUpDelivery(doctor, jobId, from + 1000, to)
    },
  },
  {
    what: 'the same: its delivery was given up, and nobody asked for it',
    finds: ['idle'],
    async change(doctor, { failed: { jobId } }) {
      const { from } = await hearLate(doctor, jobId)
      await giveUpDelivery(doctor, jobId, from + 1000, null)
    },
  },
  {
    what: 'the same: its delivery was given up and asked for at once, and the app heard of it ten minutes later',
    finds: ['idle'],
    async change(doctor, { failed: { jobId } }) {
      const { from } = await hearLate(doctor, jobId)
      await giveUpDelivery(doctor, jobId, from + 1000, from + 2000)
    },
  },
  {
    what: 'a program holds the card for ten minutes without a word',
    finds: ['idle'],
    async change(doctor, { pictures: { jobId } }) {
      await strictly(doctor)
      const { log, lines } = await drawnAt(doctor, jobId)
      const granted = Date.parse(lines.find(({ event }) => event === 'granted')?.at ?? '')
      await doctor.edit(log, held =>
        held.map(line => (Date.parse(line.at) <= granted ? { ...line, at: later(line.at, -GAP_MS) } : line)),
      )
      await doctor.editHistory(`job-${jobId}`, events => {
        for (const event of events) if (atMs(event) <= granted) shift(event, -GAP_MS)
        return events
      })
    },
  },
]
