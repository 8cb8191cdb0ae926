import type { RenderJob } from '../protocol.ts'
import { EngineFailure } from './failure.ts'
import { createPace } from './pace.ts'
import type { Canvas } from './picture/canvas.ts'
import { createPainter, type PaintFrame } from './picture/painter.ts'
import { readReferences } from './picture/reference.ts'
import { saveArtifacts } from './save/artifacts.ts'
import { type DoneEvent, simulatedMs, type Task } from './task.ts'

/** Places where a real model of each family can give the card back: its blocks, once for every step. */
const BLOCKS = { sdxl: 11, wan: 30 } as const
/** The text encoder's and the decoder's part of the gates, at either end. */
const ENDS = 2

/** Draws a job's pictures with the card in hand, gives it back, and makes the files. */
export async function render(task: Task<RenderJob>): Promise<DoneEvent> {
  const { id, job, outDir, signal, turn, actor, progress, models } = task
  if (outDir === null) throw new EngineFailure('invalid_input', 'a render needs a folder for its files')
  const startedAt = performance.now()
  await actor.at('loading')
  models.load(job.model)
  const painters = await preparePainters(job, task.lowMemory)
  const loadMs = performance.now() - startedAt

  progress.set('waiting')
  const hold = await turn.take(id, signal)
  let canvases: Canvas[]
  try {
    canvases = await draw(task, painters, createPace(hold, gatesOf(job), await simulatedMs(task)))
  } finally {
    hold.release()
  }
  const cardMs = hold.heldMs()

  const releasedAt = performance.now()
  progress.set('saving')
  const asked = await actor.at('saving')
  if (asked !== 'no_file') await saveArtifacts({ ...task, outDir, canvases, damage: asked === 'truncated' })
  const timings = { loadMs, cardMs, encodeMs: performance.now() - releasedAt }
  const referenceMethod = job.referenceMode === 'none' ? null : 'preview'
  return { type: 'done', id, timings, peakMiB: null, referenceMethod }
}

async function preparePainters(job: RenderJob, lowMemory: boolean): Promise<PaintFrame[]> {
  const references = await readReferences(job)
  const count = job.frames > 1 ? 1 : job.images
  return await Promise.all(
    Array.from({ length: count }, (_, index) => createPainter(job, job.seed + index, references, lowMemory)),
  )
}

function gatesOf(job: RenderJob): number {
  return job.steps * BLOCKS[job.family] + 2 * ENDS
}

/** Paints evenly between the gates, as a model would compute. */
async function draw(
  { job, actor, progress }: Task<RenderJob>,
  painters: readonly PaintFrame[],
  nextGate: () => Promise<void>,
): Promise<Canvas[]> {
  const canvases: Canvas[] = []
  const frames = painters.flatMap(paint =>
    Array.from({ length: job.frames }, (_, frame) => () => canvases.push(paint(frame))),
  )
  const blocks = job.steps * BLOCKS[job.family]
  progress.set('encoding-text', 0)
  for (let gate = 0; gate < ENDS; gate++) await nextGate()
  for (let block = 0; block < blocks; block++) {
    if (block === Math.floor(blocks / 2)) await actor.at('halfway')
    progress.set('rendering', Math.floor(block / BLOCKS[job.family]))
    while (canvases.length * blocks < frames.length * (block + 1)) {
      frames[canvases.length]?.()
      // A job with more pictures than blocks still has a gate after each.
      if (canvases.length * blocks < frames.length * (block + 1)) await nextGate()
    }
    await nextGate()
  }
  progress.set('decoding', job.steps)
  for (let gate = 0; gate < ENDS; gate++) await nextGate()
  return canvases
}
