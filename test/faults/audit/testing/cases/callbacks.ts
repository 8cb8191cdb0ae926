import type { ReceivedLine } from '../../evidence.ts'
import { later } from '../doctored.ts'
import type { Case } from './case.ts'

interface Body {
  job_id: string
  status: string
  assets?: string[]
  metadata: Record<string, unknown>
}

const bodyOf = ({ body }: ReceivedLine): Body => JSON.parse(body)

/** The requests of a job, of one kind. */
function heard(lines: ReceivedLine[], jobId: string, terminal: boolean): ReceivedLine[] {
  return lines.filter(line => {
    const body = bodyOf(line)
    return body.job_id === jobId && (body.status !== 'processing') === terminal
  })
}

function firstOf(lines: ReceivedLine[], jobId: string, terminal = true): ReceivedLine {
  const [line] = heard(lines, jobId, terminal)
  if (line === undefined) throw new Error(`nobody was told of ${jobId}`)
  return line
}

/** The same request once more, later, with its body changed. */
function again(
  line: ReceivedLine,
  change: (body: Body) => object = body => body,
  eventId?: string,
): ReceivedLine {
  const { headers } = line
  return {
    ...line,
    at: later(line.at, 1000),
    endedAt: later(line.endedAt, 1000),
    headers: eventId === undefined ? headers : { ...headers, 'webhook-id': eventId },
    body: JSON.stringify(change(bodyOf(line))),
  }
}

function rewrite(lines: ReceivedLine[], jobId: string, change: (body: Body) => object): ReceivedLine[] {
  const mine = new Set(heard(lines, jobId, true))
  return lines.map(line => (mine.has(line) ? { ...line, body: JSON.stringify(change(bodyOf(line))) } : line))
}

export const CALLBACK_CASES: Case[] = [
  {
    what: 'the terminal callback never came',
    finds: ['no-terminal'],
    change: (doctor, { pictures: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => lines.filter(line => !heard(lines, jobId, true).includes(line))),
  },
  {
    what: 'it came and was not taken over',
    finds: ['no-terminal'],
    change: (doctor, { failed: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => {
        for (const line of heard(lines, jobId, true)) line.processed = false
        return lines
      }),
  },
  {
    what: 'a completed job is told as failed later',
    finds: ['contradicted'],
    change: (doctor, { pictures: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => [
        ...lines,
        again(firstOf(lines, jobId), body => ({ ...body, status: 'failed' })),
      ]),
  },
  {
    what: 'a terminal status comes as two events',
    finds: ['two-terminals'],
    change: (doctor, { failed: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => [
        ...lines,
        again(firstOf(lines, jobId), undefined, 'evt_other'),
      ]),
  },
  {
    what: 'processing is the last word',
    finds: ['contradicted'],
    change: (doctor, { pictures: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => [
        ...lines,
        { ...firstOf(lines, jobId, false), at: later(firstOf(lines, jobId).at, 60_000) },
      ]),
  },
  {
    what: 'processing comes late, and the terminal event once more after it',
    finds: [],
    change: (doctor, { pictures: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => {
        const terminal = firstOf(lines, jobId)
        const late = { ...firstOf(lines, jobId, false), at: later(terminal.at, 50) }
        return [...lines, late, again(terminal)]
      }),
  },
  {
    what: 'the same event again, as its answer was lost',
    finds: [],
    change: (doctor, { video: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => [...lines, again(firstOf(lines, jobId))]),
  },
  {
    what: 'an event with another content when it is repeated',
    finds: ['event-changed'],
    change: (doctor, { video: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => [
        ...lines,
        again(firstOf(lines, jobId), body => ({ ...body, metadata: { ...body.metadata, seed: -1 } })),
      ]),
  },
  {
    what: 'the app is told of another failure than Temporal',
    finds: ['witnesses-disagree', 'failed-without-cause'],
    change: (doctor, { failed: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines =>
        rewrite(lines, jobId, body => ({ ...body, metadata: { error_type: 'out_of_memory' } })),
      ),
  },
  {
    what: 'the app is told of a failure and Temporal of a success',
    finds: ['witnesses-disagree', 'failed-without-cause'],
    change: (doctor, { pictures: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => rewrite(lines, jobId, body => ({ ...body, status: 'failed' }))),
  },
  {
    what: 'the assets are told in another order',
    finds: ['asset-missing'],
    change: (doctor, { pictures: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines =>
        rewrite(lines, jobId, body => ({ ...body, assets: body.assets?.toReversed() })),
      ),
  },
  {
    what: 'a callback of a job that nobody submitted',
    finds: ['job-unknown'],
    change: (doctor, { failed: { jobId } }) =>
      doctor.edit('receiver.jsonl', lines => [
        ...lines,
        again(firstOf(lines, jobId), body => ({ ...body, job_id: '00000000-0000-4000-8000-000000000000' })),
      ]),
  },
  ...['no JSON', '{"status":"completed"}'].map(
    (body): Case => ({
      what: `what the app takes over is no callback: ${body}`,
      finds: ['callback-unreadable'],
      change: (doctor, { failed: { jobId } }) =>
        doctor.edit('receiver.jsonl', lines => [...lines, { ...again(firstOf(lines, jobId)), body }]),
    }),
  ),
]
