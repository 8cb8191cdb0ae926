import type { HostStatusFile } from '../../evidence.ts'
import type { Doctor } from '../doctored.ts'
import { type Case, drawnAt } from './case.ts'

type Status = HostStatusFile[string]
type Card = NonNullable<Status['card']>

const HASH = 'a'.repeat(64)
const STILL = { bytes: 10, mtime: '2100-01-01T00:00:00.000Z' }

/** Changes what the first host says of itself at the end. */
async function editHost(doctor: Doctor, change: (status: Status) => void): Promise<void> {
  await doctor.edit('host-status.json', statuses => {
    const status = statuses['card-1']
    if (status === undefined) throw new Error('no card-1')
    change(status)
    return statuses
  })
}

async function editCard(doctor: Doctor, change: (card: Card) => void): Promise<void> {
  await editHost(doctor, ({ card }) => {
    if (card === null) throw new Error('card-1 did not answer')
    change(card)
  })
}

function editLane(doctor: Doctor, change: (lane: Card['lanes'][number]) => void): Promise<void> {
  return editCard(doctor, ({ lanes: [lane] }) => {
    if (lane !== undefined) change(lane)
  })
}

export const LEAK_CASES: Case[] = [
  {
    what: 'somebody holds the card',
    finds: ['turn-leaked'],
    change: doctor =>
      editCard(doctor, card => {
        card.holder = { lane: 'sdxl', taskId: 'somebody', heldMs: 5 }
      }),
  },
  {
    what: 'a job is with the program',
    finds: ['slot-leaked'],
    change: doctor => editLane(doctor, ({ running }) => void running.push('somebody')),
  },
  {
    what: 'a job waits for its lane',
    finds: ['slot-leaked'],
    change: doctor => editLane(doctor, ({ waiting }) => void waiting.push('somebody')),
  },
  {
    what: 'a lane was closed and stays closed',
    finds: ['slot-leaked'],
    change: doctor =>
      editLane(doctor, lane => {
        lane.ready = false
      }),
  },
  {
    what: 'working memory is set aside',
    finds: ['memory-leaked'],
    change: doctor =>
      editCard(doctor, ({ memory }) => {
        if (memory) memory.workingMiB = 4096
      }),
  },
  {
    what: 'a model is in use',
    finds: ['memory-leaked'],
    change: doctor =>
      editCard(doctor, ({ memory }) => {
        memory?.models.push({ model: 'lustify_sdxl', residentMiB: 7000, inUse: true })
      }),
  },
  {
    what: 'a worker does not answer',
    finds: ['evidence-missing'],
    change: doctor =>
      editHost(doctor, status => {
        status.card = null
      }),
  },
  {
    what: 'a host is not told of',
    finds: ['evidence-missing'],
    change: doctor => doctor.edit('host-status.json', ({ 'card-2': _, ...others }) => others),
  },
  {
    what: 'the files of a job that was uploaded are still there',
    finds: ['file-leaked'],
    async change(doctor, { pictures: { jobId } }) {
      const { host } = await drawnAt(doctor, jobId)
      await doctor.edit('host-status.json', statuses => {
        statuses[host]?.renders.push({ path: `${jobId}/${HASH}/0.png`, ...STILL })
        return statuses
      })
    },
  },
  {
    what: 'a work folder was left by nobody who died',
    finds: ['file-leaked'],
    async change(doctor, { pictures: { jobId } }) {
      const { host } = await drawnAt(doctor, jobId)
      await doctor.edit('host-status.json', statuses => {
        statuses[host]?.renders.push({ path: `${jobId}/${HASH}/work-1/0.png.tmp`, ...STILL })
        return statuses
      })
    },
  },
  {
    what: 'a render of a job that nobody knows',
    finds: ['file-leaked'],
    change: doctor =>
      editHost(doctor, ({ renders }) => void renders.push({ path: `nobody/${HASH}/0.png`, ...STILL })),
  },
  {
    what: 'scratch files of references are there',
    finds: ['file-leaked'],
    change: doctor =>
      editHost(doctor, ({ staging }) => void staging.push({ path: '.scratch/one/in', ...STILL })),
  },
  {
    what: 'a prepared reference and the records of a render are kept',
    finds: [],
    change: (doctor, { failed: { jobId } }) =>
      editHost(doctor, ({ staging, renders }) => {
        staging.push({ path: HASH, ...STILL })
        for (const name of ['receipt.json', 'upload.json', 'began-2.json'])
          renders.push({ path: `${jobId}/${HASH}/${name}`, ...STILL })
      }),
  },
  {
    what: 'a worker was killed after it had begun a work folder',
    finds: [],
    async change(doctor, { pictures: { jobId } }) {
      const { host, lines } = await drawnAt(doctor, jobId)
      const at = lines[0]?.at ?? ''
      await doctor.edit('host-status.json', statuses => {
        statuses[host]?.renders.push({ path: `${jobId}/${HASH}/work-1/0.png.tmp`, bytes: 1, mtime: at })
        return statuses
      })
      const fault = { n: 99, kind: 'doctored', target: host, down: [`gpu:${host}`], detail: '' }
      await doctor.edit('faults.jsonl', faults => [...faults, { ...fault, from: at, to: at }])
    },
  },
  {
    what: 'a worker was killed before somebody began a work folder and left it',
    finds: ['file-leaked'],
    async change(doctor, { pictures: { jobId } }) {
      const { host, lines } = await drawnAt(doctor, jobId)
      const at = lines[0]?.at ?? ''
      await doctor.edit('host-status.json', statuses => {
        statuses[host]?.renders.push({ path: `${jobId}/${HASH}/work-1/0.png.tmp`, ...STILL })
        return statuses
      })
      const fault = { n: 99, kind: 'doctored', target: host, down: [`gpu:${host}`], detail: '' }
      await doctor.edit('faults.jsonl', faults => [...faults, { ...fault, from: at, to: at }])
    },
  },
  {
    what: 'a process is left',
    finds: ['process-leaked'],
    change: doctor =>
      doctor.edit('processes.json', left => [...left, { pid: 4711, command: 'node main.ts' }]),
  },
]
