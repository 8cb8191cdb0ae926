export interface Interruption {
  /** Aborts at the first Ctrl-C, SIGTERM or SIGHUP. */
  signal: AbortSignal
  /** Resolves when the signal aborts. */
  requested: Promise<void>
  /** Leaves signals to others again. */
  end(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** npm passes on to us what the terminal has sent us already, so two signals at once are one wish. */
const SAME_WISH_MS = 1000
const INTERRUPTED = 130

/** Listens for the wish to stop. The second one exits at once, which kills whatever was started. */
export function listenForInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController()
  const { promise: requested, resolve } = Promise.withResolvers<void>()
  let firstMs = 0
  const stop = () => {
    if (!controller.signal.aborted) {
      firstMs = Date.now()
      onFirst()
      controller.abort(new Error('interrupted'))
      resolve()
    } else if (Date.now() - firstMs > SAME_WISH_MS) {
      process.exit(INTERRUPTED)
    }
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return {
    signal: controller.signal,
    requested,
    end() {
      for (const signal of SIGNALS) process.off(signal, stop)
    },
  }
}
