import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionLike } from '@temporalio/client'
import { queuesWithPrefix } from '../jobs/queues.ts'
import type { Config } from '../runtime/config.ts'
import type { Logger } from '../runtime/log.ts'
import { queuePollers } from '../runtime/queuePollers.ts'

/** Temporal lets a poll last a minute, also that of a worker which is gone and could not say so. */
const LOOK_MS = 90_000
const CALL_MS = 10_000

/**
 * What Temporal calls a worker process: the SDK's own name for it, which two machines made from one image may share, and an
 * ending that none shares.
 */
export function workerIdentity(): string {
  return `${process.pid}@${hostname()}#${randomUUID().slice(0, 8)}`
}

export interface SoleHostOptions {
  connection: ConnectionLike
  config: Pick<Config, 'hostId' | 'temporal'>
  /** Of this process's own workers. */
  identity: string
  log: Pick<Logger, 'error' | 'warn'>
  signal: AbortSignal
  lookMs?: number
}

/**
 * Watches for another GPU worker with this one's `HOST_ID`: each gets uploads of files that lie with the other, and commands for
 * the other's card. Gives a readiness check.
 *
 * Temporal lists for some minutes who is gone, so a worker that was started again, on whatever machine or in whatever container,
 * looks like two. But only one that lives polls anew. So what counts is a poll between two looks, of which the first is longer
 * after our start than a poll lasts: by then those of our predecessor are over. No clocks are compared, and it takes three
 * minutes.
 *
 * No worker ends itself for it. It cannot know which of the two was added, so both would go, with all that they render, and
 * nothing would be rendered until somebody comes; as it is most jobs end, though many are rendered more than once.
 */
export function watchSoleHost(options: SoleHostOptions): { check(): void } {
  const { connection, config, identity, log, signal, lookMs = LOOK_MS } = options
  const { namespace, queuePrefix } = config.temporal
  const queue = queuesWithPrefix(queuePrefix).host(config.hostId)
  let why: string | null = null

  async function watch(): Promise<void> {
    for (let before = new Map<string, number>(); ; ) {
      await sleep(lookMs, undefined, { signal })
      try {
        const now = await connection.withDeadline(Date.now() + CALL_MS, () =>
          queuePollers(connection, namespace, queue, 'activity'),
        )
        const others = [...now].filter(
          ([name, atMs]) => name !== identity && atMs > (before.get(name) ?? atMs),
        )
        before = now
        why = others.length === 0 ? null : explain(others.map(([name]) => name).join(', '))
        if (why !== null) log.error(why)
      } catch (err) {
        signal.throwIfAborted()
        log.warn({ err }, 'who else has this HOST_ID could not be seen; it is looked at again later')
      }
    }
  }

  function explain(others: string): string {
    return `another GPU worker has HOST_ID=${config.hostId} too (${others}): give the one that was added an id of its own and restart it`
  }

  watch().catch((err: unknown) => {
    if (!signal.aborted) throw err
  })
  return {
    check() {
      if (why !== null) throw new Error(why)
    },
  }
}
