import { setTimeout as sleep } from 'node:timers/promises'
import { JobFailure } from '../jobs/failures.ts'
import type { RenderReceipt } from '../jobs/receipt.ts'
import type { RenderProgress } from '../jobs/status.ts'
import { cancelledByAnother, type FlightDeps, flyRender, type RenderRequest } from './renderFlight.ts'

export interface RenderHooks {
  signal?: AbortSignal
  onProgress?: (progress: RenderProgress) => void
  /**
   * Tells a lost attempt from a cancelled job when the signal aborts. true: a render that has had the card goes on, for the
   * next attempt to join or to find its receipt; one that nobody else waits for leaves the line. false, the default: it is
   * stopped, and its files are removed.
   */
  keepRenderingOnAbort?: (reason: unknown) => boolean
  /** Resolves once it is certain that this attempt is still counted on; rejects when it is not. */
  confirm?: () => Promise<void>
}

export interface RenderDesk {
  /**
   * Gives the receipt of a render: the one that is there, that of the render in progress, or that of a new one. Rejects with
   * a `JobFailure`, or with the signal's reason; after a cancellation, once the program has let go and the files are gone.
   */
  render(request: RenderRequest, hooks?: RenderHooks): Promise<RenderReceipt>
  /** Whether the render is in progress here, or its receipt is there. */
  knows(request: Pick<RenderRequest, 'jobId' | 'planHash'>): Promise<boolean>
  /**
   * Resolves when every render is over and tidied up, or after a few seconds. For the end of the process, once its program
   * has stopped: a mark that is left would count as a death that nobody died.
   */
  settled(): Promise<void>
}

export interface RenderDeskOptions extends Omit<FlightDeps, 'pollMs'> {
  /** Whether anybody may still come for a job's render. Asked of renders that nobody waits for; a rejection is no answer. */
  isWanted?: (jobId: string) => Promise<boolean>
  wantedPollMs?: number
  pollMs?: number
  /** Factor of these times where they are not given; 1 but in tests of faults. */
  timeScale?: number
}

interface Flight {
  join(hooks: RenderHooks): Promise<RenderReceipt>
  /** It has been told to stop: nobody can join any more. */
  stopping(): boolean
  over: Promise<void>
}

const keyOf = ({ jobId, planHash }: Pick<RenderRequest, 'jobId' | 'planHash'>) => `${jobId}/${planHash}`

/** Some thirty operations on files take milliseconds. */
const SETTLED_MS = 5_000

/** Sees to it that no render is done twice on this host, whatever becomes of the attempts that ask for it. */
export function createRenderDesk(options: RenderDeskOptions): RenderDesk {
  const { timeScale = 1, isWanted } = options
  const { pollMs = 500 * timeScale, wantedPollMs = 10_000 * timeScale } = options
  const deps: FlightDeps = { ...options, pollMs }
  const flights = new Map<string, Flight>()

  return {
    async render(request, hooks = {}) {
      const key = keyOf(request)
      if (!flights.has(key)) hooks.signal?.throwIfAborted()
      for (;;) {
        const flight = flights.get(key) ?? startFlight(key, request)
        if (!flight.stopping()) return flight.join(hooks)
        await flight.over
      }
    },
    async knows(request) {
      return flights.has(keyOf(request)) || (await deps.renders.receipt(request)) !== null
    },
    async settled() {
      const over = Promise.all([...flights.values()].map(flight => flight.over))
      // A flight that only waits for another process of this host does not settle, and has nothing to clean up: hence a limit.
      const timer = new AbortController()
      await Promise.race([over, sleep(SETTLED_MS, undefined, { signal: timer.signal }).catch(() => {})])
      timer.abort()
    },
  }

  function startFlight(key: string, request: RenderRequest): Flight {
    const controller = new AbortController()
    const passengers = new Set<RenderHooks>()
    let last: RenderProgress = { phase: 'waiting for the card', step: 0, total: 0, held: false }
    let cancelled = false
    let wantedTimer: NodeJS.Timeout | undefined

    const receipt = flyRender(request, deps, {
      signal: controller.signal,
      forget: () => cancelled,
      confirm,
      onProgress(progress) {
        last = progress
        for (const passenger of passengers) passenger.onProgress?.(progress)
      },
    })
    const over = receipt.then(
      () => {},
      err => {
        if (passengers.size === 0 && !controller.signal.aborted) {
          deps.log.warn({ err, jobId: request.jobId }, 'a render that nobody waited for has failed')
        }
      },
    )
    const ended = over.finally(() => {
      clearInterval(wantedTimer)
      flights.delete(key)
    })

    async function confirm(): Promise<void> {
      const asked = [...passengers].map(passenger => passenger.confirm?.() ?? Promise.resolve())
      await Promise.any(asked).catch(() => {
        throw new JobFailure('engine_crashed', 'The program died, and nobody counts on this render any more.')
      })
    }

    function leave(): void {
      if (passengers.size > 0) return
      if (!last.held) {
        // By the time it got the card, the job could be on another machine's.
        controller.abort(new Error('Nobody waits for this render any more.'))
        return
      }
      wantedTimer = setInterval(() => void stopIfUnwanted(), wantedPollMs)
      // A process that has nothing else to do need not stay for it.
      wantedTimer.unref()
    }

    /** An attempt is lost in the same way when Temporal was away and when its workflow was terminated. */
    async function stopIfUnwanted(): Promise<void> {
      const wanted = (await isWanted?.(request.jobId).catch(() => true)) ?? true
      if (!wanted && passengers.size === 0) cancel(new Error('Its job has ended.'))
    }

    function cancel(reason: unknown): void {
      cancelled = true
      controller.abort(reason)
    }

    async function join(hooks: RenderHooks): Promise<RenderReceipt> {
      const { signal, onProgress, keepRenderingOnAbort } = hooks
      const lost = Promise.withResolvers<never>()
      let mine = false
      clearInterval(wantedTimer)
      passengers.add(hooks)
      onProgress?.(last)

      function onAbort(): void {
        passengers.delete(hooks)
        if (keepRenderingOnAbort?.(signal?.reason) === true) {
          lost.reject(signal?.reason)
          leave()
        } else {
          mine = true
          cancel(signal?.reason)
        }
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()

      try {
        const found = await Promise.race([receipt, lost.promise])
        // A cancellation that came too late to stop the render still removes what it made.
        if (mine) await deps.renders.discard(request.jobId)
        if (mine) throw signal?.reason
        return found
      } catch (error) {
        throw cancelled && !mine && error === controller.signal.reason ? cancelledByAnother() : error
      } finally {
        signal?.removeEventListener('abort', onAbort)
        passengers.delete(hooks)
      }
    }

    const flight: Flight = { join, stopping: () => controller.signal.aborted, over: ended }
    flights.set(key, flight)
    return flight
  }
}
