import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import { type WarmUpOptions, warmUp } from './warmUp.ts'

/**
 * Starts the program and warms its models up, beside everything else that the worker does: operators are answered and finished
 * files uploaded meanwhile, also when the program never starts. Tells whether it is done, until when no lane takes jobs.
 */
export function prepare(
  program: Pick<InferenceProgram, 'start' | 'run'>,
  options: WarmUpOptions,
): { isPrepared: () => boolean } {
  const { log, signal } = options
  let prepared = false
  async function work(): Promise<void> {
    await program.start().then(
      info => log.info({ ...info }, 'inference program is ready'),
      // It is started again by itself; until then the worker is alive but not ready.
      (err: unknown) => log.error({ err }, 'inference program did not start'),
    )
    await warmUp(program, options)
    prepared = true
  }
  work().catch((err: unknown) => {
    if (!signal.aborted) log.error({ err }, 'the inference program could not be prepared')
  })
  return { isPrepared: () => prepared }
}
