import type { Logger } from './log.ts'
import { createReleases } from './releases.ts'

export interface Run {
  /** Aborted once, when the program is to stop; the reason is a {@link Stop}. */
  signal: AbortSignal
  /** Registers how to give a thing back. Releases run one by one, the last acquired first, also after a failure. */
  defer(name: string, release: () => unknown): void
}

export interface StopOptions {
  log: Pick<Logger, 'info' | 'error' | 'fatal'>
  /** From the request to stop until the process is ended regardless of what is still open. */
  limitMs: number
  /** Stop when standard input ends, so that a parent that was killed leaves nothing behind. */
  endWithStdin?: boolean
}

/** Why a program stops: the name of a signal, `stdin ended`, or an error that nobody caught. */
class Stop extends Error {
  override readonly name = 'Stop'
}

/** npm passes a Ctrl-C on that the terminal has sent to everybody already: two signals so close together are one wish. */
const SAME_SIGNAL_MS = 1000

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const
type StopSignal = keyof typeof exitCodes
const stopSignals = ['SIGINT', 'SIGTERM'] as const satisfies StopSignal[]

/**
 * Runs a program until it returns, fails or is told to stop, releases what it acquired, and ends the process: 0 after an
 * orderly stop, 1 after a failure or past the limit, 130 or 143 at a second signal, which waits for nothing.
 */
export async function runUntilStopped(
  { log, limitMs, endWithStdin = false }: StopOptions,
  main: (run: Run) => Promise<unknown>,
): Promise<never> {
  const controller = new AbortController()
  const releases = createReleases(log)
  let failed = false
  // An abort signal keeps no process alive: without this, one that only waits for it would end at once.
  setInterval(() => {}, 2 ** 30)

  const stop = (why: string) => {
    if (controller.signal.aborted) return
    log.info({ why }, 'stopping')
    setTimeout(() => {
      log.fatal(
        { open: releases.pending(), resources: process.getActiveResourcesInfo() },
        'did not stop in time',
      )
      process.exit(1)
    }, limitMs).unref()
    controller.abort(new Stop(why))
  }
  const crash = (err: unknown) => {
    failed = true
    log.fatal({ err }, 'uncaught')
    stop('an error that nobody caught')
  }
  let stoppedAtMs = 0
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        stoppedAtMs = performance.now()
        stop(signal)
      } else if (performance.now() - stoppedAtMs > SAME_SIGNAL_MS) process.exit(exitCodes[signal])
    })
  }
  process.on('uncaughtException', crash).on('unhandledRejection', crash)
  if (endWithStdin) {
    for (const event of ['end', 'error', 'close']) process.stdin.once(event, () => stop('stdin ended'))
    process.stdin.resume()
  }

  try {
    await main({ signal: controller.signal, defer: releases.defer })
  } catch (err) {
    if (!isStop(err, controller.signal)) {
      failed = true
      log.fatal({ err }, 'failed')
    }
  }
  stop('done')
  const released = await releases.run()
  process.exit(failed || !released ? 1 : 0)
}

/** Work that was cut short by the stop itself is no failure, however deep the reason is wrapped. */
function isStop(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false
  if (error === signal.reason) return true
  return error instanceof Error && (error.name === 'AbortError' || isStop(error.cause, signal))
}
