import {
  type Client,
  isGrpcServiceError,
  NamespaceNotFoundError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import { UnreadablePayloadError } from '../runtime/payloadCodec.ts'
import {
  ClientClosedError,
  PayloadUnreadableError,
  ServerRefusedError,
  ServerUnreachableError,
} from './errors.ts'

const CALL_TIMEOUT_MS = 10_000
/** As grpc-js says it, of a call on a closed connection. */
const CHANNEL_CLOSED = 'Channel has been shut down'

/** gRPC status codes, by the numbers of the gRPC specification. */
const UNREACHABLE = new Set([1, 2, 4, 8, 10, 13, 14]) // cancelled, unknown, deadline, exhausted, aborted, internal, unavailable
const NOT_FOUND = 5
const REFUSED = new Set([3, 7, 9, 12, 16]) // invalid argument, permission, precondition, unimplemented, unauthenticated

/**
 * Makes one call to Temporal with a time limit, as gRPC by itself waits for ever. Throws {@link ServerUnreachableError},
 * {@link ServerRefusedError}, {@link PayloadUnreadableError} or {@link ClientClosedError}; Temporal's own errors about a workflow (not found, already started, failed) pass.
 */
export async function callServer<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, call)
  } catch (error) {
    throw serverError(error)
  }
}

/** The SDK's error for a failed call; an error that is none of the server's comes back as it is. */
export function serverError(error: unknown): unknown {
  if (error instanceof NamespaceNotFoundError) {
    return new ServerRefusedError(`Temporal has no namespace "${error.namespace}". Set TEMPORAL_NAMESPACE.`, {
      cause: error,
    })
  }
  if (error instanceof UnreadablePayloadError) {
    return new PayloadUnreadableError(error.message, { cause: error })
  }
  if (chainOf(error).some(({ message }) => message.includes(CHANNEL_CLOSED))) {
    return new ClientClosedError({ cause: error })
  }
  const status = grpcStatus(error)
  if (status === null) return error
  if (UNREACHABLE.has(status.code)) {
    return new ServerUnreachableError(`Temporal does not answer: ${status.details}`, { cause: error })
  }
  // The client's raw calls leave this one as it came.
  if (status.code === NOT_FOUND) return new WorkflowNotFoundError(status.details, '', undefined)
  if (REFUSED.has(status.code)) {
    return new ServerRefusedError(`Temporal refused the request: ${status.details}`, { cause: error })
  }
  return error
}

function grpcStatus(error: unknown): { code: number; details: string } | null {
  for (const at of chainOf(error)) {
    if (isGrpcServiceError(at)) return { code: at.code, details: at.details || at.message }
  }
  return null
}

/** The error and its causes. */
function chainOf(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && chain.length < 5; at = at.cause) chain.push(at)
  return chain
}
