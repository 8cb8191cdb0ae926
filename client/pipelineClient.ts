import { Client, type ConnectionLike } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import { QUEUE_SAFE, queuesWithPrefix } from '../jobs/queues.ts'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import { NO_ENCRYPTION } from '../runtime/encryptionKeys.ts'
import type { JobOutcome } from '../workflows/types.ts'
import { type CancelResult, cancel } from './cancel.ts'
import { type CardControl, type CardOptions, card } from './card.ts'
import type { PipelineContext } from './context.ts'
import { InvalidArgumentError } from './errors.ts'
import { get } from './get.ts'
import type { JobView } from './jobView.ts'
import { createList, type List } from './list.ts'
import { createPollers } from './pollers.ts'
import { type QuarantineControl, quarantineControl } from './quarantine.ts'
import { type RedeliverResult, redeliver } from './redeliver.ts'
import { type ResultOptions, result } from './result.ts'
import { type SubmitResult, submit } from './submit.ts'
import { type WatchOptions, watch } from './watch.ts'

/** Jobs as an application uses them. Every method may throw ServerUnreachableError, ServerRefusedError and PayloadUnreadableError. */
export interface PipelineClient {
  /**
   * Starts a job, or finds it again: the same payload twice is one job, also after it has ended. A payload that is wrong in
   * other ways than its ids still becomes a job, so that it gets its `failed` callback.
   * Throws InvalidPayloadError, PayloadTooLargeError, JobConflictError.
   */
  submit(payload: unknown): Promise<SubmitResult>
  /** The job as it stands now. Throws JobNotFoundError. */
  get(jobId: string): Promise<JobView>
  /**
   * The job whenever something about it changes, its terminal view last. Looks once a second at most; the end is known at
   * once. Lives through outages of the server. Throws JobNotFoundError, and the signal's reason when it aborts.
   */
  watch(jobId: string, options?: WatchOptions): AsyncIterableIterator<JobView>
  /** Waits for the end. Throws JobFailedError, JobCanceledError, JobNotFoundError, and the signal's reason when it aborts. */
  result(jobId: string, options?: ResultOptions): Promise<JobOutcome>
  /** Asks the job to stop. Harmless when asked twice or too late. Throws JobNotFoundError. */
  cancel(jobId: string, reason?: string): Promise<CancelResult>
  /**
   * Jobs: those that run first, then the latest to end. Costs one of the 10 visibility queries a second that a namespace has;
   * for `undelivered`, one for each 1000 deliveries that were ever given up, until the limit is reached. Throws
   * InvalidArgumentError.
   */
  list: List
  /** Delivers the terminal callback again. Throws JobStillRunningError, JobNotFoundError, NothingToRedeliverError. */
  redeliver(jobId: string): Promise<RedeliverResult>
  /** Jobs that were set aside because they kill the inference program: for operators. */
  quarantine: QuarantineControl
  /** The card of a host, by the HOST_ID of its GPU worker: for operators. */
  card(hostId: string, options?: CardOptions): CardControl
}

export type PipelineClientOptions = (
  | { client: Client }
  | {
      connection: ConnectionLike
      /** `default` by default. */
      namespace?: string
      /** Where payloads are encrypted: `clientDataConverter(config.encryption)`. */
      dataConverter?: DataConverter
    }
) & {
  /** The installation's TASK_QUEUE_PREFIX, if it has one. */
  queuePrefix?: string
  /** The installation's OUTPUT_BUCKETS, so that the Web UI does not show their jobs as invalid before they run. */
  outputBuckets?: readonly string[]
  /** To be aborted by whoever closes the connection: `watch` and `result` then end at once, with its reason. */
  closing?: AbortSignal
}

/** The SDK over a connection to Temporal, which stays the caller's to close. */
export function createPipelineClient(options: PipelineClientOptions): PipelineClient {
  const { queuePrefix = '', outputBuckets = [], closing = new AbortController().signal } = options
  if (queuePrefix !== '' && !QUEUE_SAFE.test(queuePrefix))
    throw new InvalidArgumentError('queuePrefix: letters, digits, - and _ only, 64 at most.')
  const client = 'client' in options ? options.client : new Client(temporalOptions(options))
  const context: PipelineContext = {
    client,
    queues: queuesWithPrefix(queuePrefix),
    pollers: createPollers(client),
    outputBuckets,
    closing,
  }
  const list = createList(context)
  return {
    submit: payload => submit(context, payload),
    get: jobId => get(context, jobId),
    watch: (jobId, watchOptions) => watch(context, jobId, watchOptions),
    result: (jobId, resultOptions) => result(context, jobId, resultOptions),
    cancel: (jobId, reason) => cancel(context, jobId, reason),
    list,
    quarantine: quarantineControl(context, list),
    redeliver: jobId => redeliver(context, jobId),
    card: (hostId, cardOptions) => card(context, hostId, cardOptions),
  }
}

function temporalOptions({
  connection,
  namespace = 'default',
  dataConverter = clientDataConverter(NO_ENCRYPTION),
}: Extract<PipelineClientOptions, { connection: ConnectionLike }>) {
  return { connection, namespace, dataConverter }
}
