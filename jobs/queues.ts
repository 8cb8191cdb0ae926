import type { Lane } from './jobTypes.ts'

/** What a queue's name is made of: an installation's prefix, the id of a host. */
export const QUEUE_SAFE = /^[A-Za-z0-9_-]{1,64}$/

/** Names of the Temporal task queues. A prefix (`<prefix>.jobs`) keeps installations in one namespace apart. */
export interface Queues {
  /** Workflows and their local activities. */
  jobs: string
  /** Activities that wait on the network and need no card. */
  io: string
  /** Requests to the app, which may hang: callbacks and usage records. */
  callbacks: string
  lane(lane: Lane): string
  /** What is asked of one host: its card, and renders that began there. */
  host(hostId: string): string
  /** Uploads of files that lie on one host. A store that hangs must not keep its card from being asked. */
  uploads(hostId: string): string
}

export function queuesWithPrefix(prefix: string): Queues {
  const at = prefix === '' ? '' : `${prefix}.`
  return {
    jobs: `${at}jobs`,
    io: `${at}io`,
    callbacks: `${at}callbacks`,
    lane: lane => `${at}${lane}`,
    host: hostId => `${at}host.${hostId}`,
    uploads: hostId => `${at}uploads.${hostId}`,
  }
}

/** The queues beside a `jobs` queue: how a workflow finds its siblings from its own task queue. */
export function queuesBeside(jobsQueue: string): Queues {
  return queuesWithPrefix(jobsQueue.slice(0, Math.max(0, jobsQueue.length - '.jobs'.length)))
}
