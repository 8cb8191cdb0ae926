import type { ActionLine, FaultLine, SubmissionLine } from '../../evidence.ts'
import { type Doctor, later } from '../doctored.ts'
import type { Case } from './case.ts'

/** Every failure's code below a value of a history. */
function renameCode(value: unknown, code: string): void {
  if (typeof value !== 'object' || value === null) return
  if ('applicationFailureInfo' in value && typeof value.applicationFailureInfo === 'object')
    Object.assign(value.applicationFailureInfo ?? {}, { type: code })
  for (const below of Object.values(value)) renameCode(below, code)
}

/** The job that failed has failed as something else, by the word of Temporal and of the app, and wished for nothing unless told. */
async function failedAs(
  doctor: Doctor,
  { jobId }: SubmissionLine,
  code: string,
  about: Partial<SubmissionLine> = {},
): Promise<void> {
  await doctor.edit('submissions.jsonl', lines =>
    lines.map(line => (line.jobId === jobId ? { ...line, wish: null, ...about } : line)),
  )
  await doctor.edit('receiver.jsonl', lines =>
    lines.map(line => {
      const body = JSON.parse(line.body)
      if (body.job_id !== jobId || body.status !== 'failed') return line
      const metadata = { ...body.metadata, error_type: code }
      return { ...line, body: JSON.stringify({ ...body, metadata }) }
    }),
  )
  await doctor.editHistory(`job-${jobId}`, events => {
    renameCode(events.at(-1), code)
    return events
  })
}

async function asked(doctor: Doctor, { jobId, at }: SubmissionLine, kind: ActionLine['kind'], ok = true) {
  const detail = ok ? '' : 'it was failed'
  await doctor.edit('actions.jsonl', lines => [...lines, { at: later(at, 10), kind, jobId, ok, detail }])
}

/** From before its submission, or long after its end. */
async function fault(
  doctor: Doctor,
  { at }: SubmissionLine,
  about: Pick<FaultLine, 'down'> & Partial<FaultLine>,
  ms = -100,
) {
  const line = {
    n: 99,
    kind: 'doctored',
    target: 'none',
    from: later(at, ms),
    to: later(at, ms + 200),
    detail: '',
  }
  await doctor.edit('faults.jsonl', lines => [...lines, { ...line, ...about }])
}

const FOUND: Case['finds'] = ['failed-without-cause']
const BY_URL = { referenceKind: 'url', mayDropReference: false } as const

/** Codes that an innocent job must never fail with, whatever else happens to it. */
const INNOCENT = [
  'deadline_exceeded',
  'engine_crashed',
  'engine_silent',
  'store_unavailable',
  'stuck',
  'internal',
]

export const CAUSE_CASES: Case[] = [
  ...INNOCENT.map(
    (code): Case => ({
      what: `an innocent job failed as ${code}`,
      finds: FOUND,
      change: (doctor, { failed }) => failedAs(doctor, failed, code),
    }),
  ),
  ...['kill', 'kill:once', 'oom'].map(
    (wish): Case => ({
      what: `a job that wished for ${wish} failed as engine_crashed`,
      finds: wish === 'kill' ? [] : FOUND,
      change: (doctor, { failed }) => failedAs(doctor, failed, 'engine_crashed', { wish }),
    }),
  ),
  {
    what: 'a job that wished for oom failed as engine_crashed, and an engine had died',
    finds: [],
    async change(doctor, { failed }) {
      await failedAs(doctor, failed, 'engine_crashed', { wish: 'oom' })
      await fault(doctor, failed, { down: ['engine:card-1'] })
    },
  },
  {
    what: 'a job that wished for oom failed as deadline_exceeded',
    finds: FOUND,
    change: (doctor, { failed }) => failedAs(doctor, failed, 'deadline_exceeded', { wish: 'oom' }),
  },
  {
    what: 'a reference was not found, and references were never down',
    finds: FOUND,
    change: (doctor, { failed }) => failedAs(doctor, failed, 'reference_not_found', BY_URL),
  },
  {
    what: 'the same, and they were down after its end',
    finds: FOUND,
    async change(doctor, { failed }) {
      await failedAs(doctor, failed, 'reference_not_found', BY_URL)
      const away = { kind: 'references-vanish', detail: 'url-down', down: ['references'] }
      await fault(doctor, failed, away, 3_600_000)
    },
  },
  {
    what: 'the same, and a user had deleted this picture',
    finds: [],
    async change(doctor, { failed }) {
      await failedAs(doctor, failed, 'reference_not_found', { ...BY_URL, referenceKind: 'path' })
      await fault(doctor, failed, { kind: 'references-vanish', target: failed.jobId, down: [] })
    },
  },
  ...[false, true].map(
    (mayDropReference): Case => ({
      what: `the same, and the picture never was; the job ${mayDropReference ? 'may' : 'may not'} go without`,
      finds: mayDropReference ? FOUND : [],
      async change(doctor, { failed }) {
        await failedAs(doctor, failed, 'reference_not_found', { ...BY_URL, mayDropReference })
        await doctor.edit('receiver.jsonl', lines =>
          lines.map(line => {
            const body = JSON.parse(line.body)
            if (body.job_id !== failed.jobId) return line
            const metadata = { ...body.metadata, reference_image_url: 'http://127.0.0.1/gone-boat.jpg' }
            return { ...line, body: JSON.stringify({ ...body, metadata }) }
          }),
        )
      },
    }),
  ),
  ...(['canceled', 'terminated', 'quarantine_rejected'] as const).flatMap((code): Case[] => {
    const kind = ({ canceled: 'cancel', terminated: 'terminate', quarantine_rejected: 'reject' } as const)[
      code
    ]
    return [
      {
        what: `a job failed as ${code}, and nobody asked for it`,
        finds: FOUND,
        change: (doctor, { failed }) => failedAs(doctor, failed, code),
      },
      {
        what: `the same, and somebody did, when it had ended`,
        finds: FOUND,
        async change(doctor, { failed }) {
          await failedAs(doctor, failed, code)
          await asked(doctor, failed, kind, false)
        },
      },
      {
        what: 'the same, and somebody did',
        finds: [],
        async change(doctor, { failed }) {
          await failedAs(doctor, failed, code)
          await asked(doctor, failed, kind)
        },
      },
    ]
  }),
  ...(['store', 'disk:card-1'] as const).map(
    (down): Case => ({
      what: `a job failed as disk_full, and ${down} was hit`,
      finds: down === 'store' ? FOUND : [],
      async change(doctor, { failed }) {
        await failedAs(doctor, failed, 'disk_full')
        await fault(doctor, failed, { down: [down] })
      },
    }),
  ),
]
