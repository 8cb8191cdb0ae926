import type { Worker } from '@temporalio/worker'

export interface RunningWorkers {
  /** Throws unless every worker runs: a readiness check. */
  check(): void
  /** Resolves when all have drained after a stop; rejects if one fails, once the others, which are stopped then, have drained. */
  done: Promise<void>
}

/** Runs workers as one: they stop together, when told to or when one of them fails. */
export function runWorkers(workers: readonly Worker[], signal: AbortSignal): RunningWorkers {
  const stop = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  }
  signal.addEventListener('abort', stop, { once: true })
  const runs = workers.map(worker =>
    worker.run().catch((error: unknown) => {
      stop()
      throw error
    }),
  )
  if (signal.aborted) stop()
  return {
    check() {
      for (const worker of workers) {
        if (worker.getState() !== 'RUNNING') {
          throw new Error(
            `the worker of queue ${worker.options.taskQueue} is ${worker.getState().toLowerCase()}`,
          )
        }
      }
    },
    done: Promise.allSettled(runs).then(results => {
      for (const result of results) if (result.status === 'rejected') throw result.reason
    }),
  }
}
