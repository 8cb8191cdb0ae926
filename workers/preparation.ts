import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import { type WarmUpOptions, warmUp } from './warmUp.ts'

export interface Preparation {
  isDone(): boolean
  /** Calls `listener` when it is done, if it ever is. Gives what ends that. */
  onDone(listener: () => void): () => void
}

/**
 * Starts the program and warms its models up, beside everything else that the worker does: operators are answered and finished
 * files uploaded meanwhile, also when the program never starts. No lane takes jobs before it is done.
 */
export function prepare(
  program: Pick<InferenceProgram, 'start' | 'run'>,
  options: WarmUpOptions,
): Preparation {
  const { log, signal } = options
  const listeners = new Set<() => void>()
  let isDone = false
  async function work(): Promise<void> {
    await program.start().then(
      info => log.info({ ...info }, 'inference program is ready'),
      // It is started again by itself; until then the worker is alive but not ready.
      (err: unknown) => log.error({ err }, 'inference program did not start'),
    )
    await warmUp(program, options)
    isDone = true
    for (const listener of listeners) listener()
  }
  work().catch((err: unknown) => {
    if (!signal.aborted) log.error({ err }, 'the inference program could not be prepared')
  })
  return {
    isDone: () => isDone,
    onDone(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
