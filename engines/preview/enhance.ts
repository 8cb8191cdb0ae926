import type { EnhanceJob } from '../protocol.ts'
import { enhancedText } from './enhanceText.ts'
import { createPace } from './pace.ts'
import { type DoneEvent, simulatedMs, type Task } from './task.ts'

const MODEL = 'prompt_enhancer'
/** A gate for each word that a language model would write. */
export const ENHANCE_STEPS = 128

/** Rewrites a prompt with the card in hand. */
export async function enhance(task: Task<EnhanceJob>): Promise<DoneEvent> {
  const { id, job, signal, turn, actor, progress, models } = task
  await actor.at('loading')
  models.load(MODEL)
  progress.set('waiting')
  const hold = await turn.take(id, signal)
  try {
    const nextGate = createPace(hold, ENHANCE_STEPS, await simulatedMs(task))
    for (let step = 0; step < ENHANCE_STEPS; step++) {
      progress.set('rendering', step)
      if (step === ENHANCE_STEPS / 2) await actor.at('halfway')
      await nextGate()
    }
  } finally {
    hold.release()
  }
  const asked = await actor.at('saving')
  const text = enhancedText(job)
  const timings = { loadMs: 0, cardMs: hold.heldMs(), encodeMs: 0 }
  const done: DoneEvent = { type: 'done', id, timings, peakMiB: null }
  if (asked === 'no_file') return done
  return { ...done, text: asked === 'truncated' ? text.slice(0, text.length / 2) : text }
}
