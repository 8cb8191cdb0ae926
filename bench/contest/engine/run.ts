import { createHash } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { abortable } from '../../../engines/preview/abortable.ts'
import { enhancedText } from '../../../engines/preview/enhanceText.ts'
import { createProgress } from '../../../engines/preview/progress.ts'
import type { Turn } from '../../../engines/preview/turn.ts'
import type { Command, EngineEvent, RenderJob } from '../../../engines/protocol.ts'
import { isJobType } from '../../../jobs/jobTypes.ts'
import { nowMs } from '../clock.ts'
import { COSTS, encodeSeconds, renderSeconds } from '../costs.ts'
import type { FileMaker } from '../files.ts'
import { untilMs } from '../pause.ts'
import type { Gates } from './gates.ts'
import type { Shelf } from './shelf.ts'

export interface LaneParts {
  turn: Turn
  gates: Gates
}

export interface Run {
  command: Extract<Command, { type: 'generate' }>
  lane: LaneParts
  shelf: Shelf
  files: FileMaker
  scale: number
  send: (event: EngineEvent) => void
  signal: AbortSignal
}

const TEXT_ENCODER = 'umt5_xxl'

/** A job's way: its models are there, the card is its, it computes, gives the card back, and makes the files. */
export async function run(task: Run): Promise<Extract<EngineEvent, { type: 'done' }>> {
  const { command, lane, shelf, send, signal } = task
  const { id, job, drop = [] } = command
  const progress = createProgress(id, job.kind === 'render' ? job.steps : 1, send)
  try {
    const begunMs = nowMs()
    await abortable(shelf.settled(), signal)
    const loadMs = nowMs() - begunMs
    progress.set('waiting')
    const hold = await lane.turn.take(id, signal)
    try {
      progress.set('rendering')
      if (job.kind === 'render' && job.family === 'wan') {
        if (drop.includes(TEXT_ENCODER)) shelf.drop(TEXT_ENCODER)
        send({ type: 'unneeded', id, model: TEXT_ENCODER })
      }
      await lane.gates.compute({ id: jobIdOf(id), seconds: secondsOf(job), hold, signal })
    } finally {
      hold.release()
    }
    const releasedMs = nowMs()
    progress.set('saving')
    if (job.kind === 'render') await save(task, job)
    const timings = { loadMs, cardMs: hold.heldMs(), encodeMs: nowMs() - releasedMs }
    const done = { type: 'done', id, timings, peakMiB: null } as const
    if (job.kind === 'enhance') return { ...done, text: enhancedText(job) }
    return { ...done, referenceMethod: job.referenceMode === 'none' ? null : 'bench' }
  } finally {
    progress.stop()
  }
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** Ids of the protocol may carry more than the job's own. */
function jobIdOf(id: string): string {
  return UUID.exec(id)?.[0] ?? id
}

function secondsOf(job: Run['command']['job']): number {
  if (job.kind === 'enhance') return COSTS.enhanceSeconds
  const { type } = job
  if (!isJobType(type)) throw new Error(`no such type: ${type}`)
  const sources = job.references.map(({ role, path }) => ({ role, source: path }))
  return renderSeconds({ ...job, type, sources })
}

async function save({ command: { id, outDir }, files, scale, send }: Run, job: RenderJob): Promise<void> {
  if (outDir === null) throw new Error('a render needs a folder for its files')
  const dueMs = nowMs() + encodeSeconds(job) * scale * 1000
  const { width, height, frames, seed } = job
  for (let index = 0; index < job.images; index++) {
    const bytes = await files.bytes(job, `${id} ${index}`)
    const path = join(outDir, `${index}.${frames > 1 ? 'mp4' : 'png'}`)
    await writeFile(`${path}.tmp`, bytes)
    await rename(`${path}.tmp`, path)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    send({ type: 'artifact', id, path, sha256, seed: seed + index, width, height, frames })
  }
  await untilMs(dueMs)
}
