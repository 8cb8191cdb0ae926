import type { Connection } from '@temporalio/client'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import type { Config } from '../../runtime/config.ts'
import { queuePollers } from '../../runtime/queuePollers.ts'
import { type Found, warn } from './finding.ts'

/** A worker polls anew after a minute at most. */
const SILENT_MS = 70_000

/** Whether two GPU workers have this `HOST_ID`, as far as one look can tell; the workers look again and know. */
export async function checkSoleHost(
  connection: Connection,
  { hostId, temporal: { namespace, queuePrefix } }: Pick<Config, 'hostId' | 'temporal'>,
): Promise<Found[]> {
  const queue = queuesWithPrefix(queuePrefix).host(hostId)
  const pollers = await queuePollers(connection, namespace, queue, 'activity')
  const lastMs = Math.max(...pollers.values())
  const living = [...pollers].filter(([, atMs]) => lastMs - atMs < SILENT_MS).map(([name]) => name)
  if (living.length < 2) return []
  return [
    warn(
      `${living.length} GPU workers have HOST_ID=${hostId} (${living.join(', ')}): give the one that was added an id of its own and restart it, unless one was only started again in the last three minutes`,
    ),
  ]
}
