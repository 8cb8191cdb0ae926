import type { Lane } from './jobTypes.ts'

/** Names of the Temporal task queues. A prefix (`<prefix>.jobs`) keeps installations in one namespace apart. */
export interface Queues {
  /** Workflows and their local activities. */
  jobs: string
  /** Activities that wait on the network and need no card. */
  io: string
  /** Requests to the app, which may hang: callbacks and usage records. */
  callbacks: string
  lane(lane: Lane): string
  /** Work on files that lie on one host. */
  host(hostId: string): string
}

export function queuesWithPrefix(prefix: string): Queues {
  const at = prefix === '' ? '' : `${prefix}.`
  return {
    jobs: `${at}jobs`,
    io: `${at}io`,
    callbacks: `${at}callbacks`,
    lane: lane => `${at}${lane}`,
    host: hostId => `${at}host.${hostId}`,
  }
}

/** The queues beside a `jobs` queue: how a workflow finds its siblings from its own task queue. */
export function queuesBeside(jobsQueue: string): Queues {
  return queuesWithPrefix(jobsQueue.slice(0, Math.max(0, jobsQueue.length - '.jobs'.length)))
}
