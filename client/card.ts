import { randomUUID } from 'node:crypto'
import { WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common'
import type { CardCommand } from '../jobs/cardCommand.ts'
import type { CardStatus } from '../jobs/cardStatus.ts'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import { QUEUE_SAFE } from '../jobs/queues.ts'
import { WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { CARD_FAILURES, type CardCommandInput, type Workflows } from '../workflows/types.ts'
import type { PipelineContext } from './context.ts'
import { CardCommandFailedError, CardUnreachableError, InvalidArgumentError } from './errors.ts'
import { callServer, serverError } from './server.ts'

/**
 * The card of one host, as an operator sees it. All wait until it is done and give the card's status after it; doing one
 * twice changes nothing more. What was decided of a lane holds until it is decided otherwise, over restarts too. Every
 * method may throw CardUnreachableError, CardCommandFailedError, InvalidArgumentError.
 */
export interface CardControl {
  status(): Promise<CardStatus>
  /** These lanes compute nothing: what they have stops at its next gate and keeps its place, and nothing new is taken. */
  pause(...lanes: Lane[]): Promise<CardStatus>
  /** These lanes work again. */
  resume(...lanes: Lane[]): Promise<CardStatus>
  /** These lanes finish what they have and take nothing new. */
  drain(...lanes: Lane[]): Promise<CardStatus>
}

export interface CardOptions {
  /** How long the GPU worker may take to answer; 10 s by default. */
  answerWithinMs?: number
}

/** Beyond the GPU worker's own time: for the control worker, and for a second attempt. */
const MARGIN_MS = 15_000
/** Temporal tells that the time is over; this is for when it does not. */
const TELLING_MS = 5_000

export function card(
  context: PipelineContext,
  hostId: string,
  { answerWithinMs = 10_000 }: CardOptions = {},
): CardControl {
  const about = (command: Exclude<CardCommand['command'], 'status'>) => (lanes: Lane[]) => {
    checkLanes(lanes)
    return carryOut(context, { hostId, answerWithinMs, command, lanes })
  }
  const [pause, resume, drain] = [about('pause'), about('resume'), about('drain')]
  return {
    status: async () => carryOut(context, { hostId, answerWithinMs, command: 'status', lanes: [] }),
    pause: async (...lanes) => pause(lanes),
    resume: async (...lanes) => resume(lanes),
    drain: async (...lanes) => drain(lanes),
  }
}

function checkLanes(lanes: readonly string[]): void {
  const known = LANES.join(', ')
  if (lanes.length === 0) throw new InvalidArgumentError(`Name at least one lane: ${known}.`)
  for (const lane of lanes) {
    if (LANES.some(name => name === lane)) continue
    throw new InvalidArgumentError(`There is no lane ${JSON.stringify(lane).slice(0, 60)}, only ${known}.`)
  }
}

async function carryOut({ client, queues }: PipelineContext, input: CardCommandInput): Promise<CardStatus> {
  const { hostId, command, lanes, answerWithinMs } = input
  if (!QUEUE_SAFE.test(hostId)) {
    throw new InvalidArgumentError('The id of a host has letters, digits, - and _ only, 64 at most.')
  }
  const limitMs = answerWithinMs + MARGIN_MS
  const handle = await callServer(client, () =>
    client.workflow.start<Workflows['cardCommandWorkflow']>(WORKFLOW_TYPES.cardCommand, {
      workflowId: workflowIds.cardCommand(hostId, randomUUID()),
      taskQueue: queues.jobs,
      args: [input],
      // A command that nobody took in time must not be carried out later.
      workflowExecutionTimeout: limitMs,
      staticSummary: `${[command, ...lanes].join(' ')} · host ${hostId}`,
    }),
  )
  try {
    return await client.withDeadline(Date.now() + limitMs + TELLING_MS, () => handle.result())
  } catch (error) {
    throw cardError(error, input)
  }
}

function cardError(error: unknown, { hostId, command, lanes }: CardCommandInput): unknown {
  if (!(error instanceof WorkflowFailedError)) return serverError(error)
  const { cause } = error
  if (cause instanceof TimeoutFailure) {
    return new CardUnreachableError(
      'No control worker carried the command out in time; it is not carried out later.',
      { cause },
    )
  }
  if (cause instanceof ApplicationFailure && cause.type === CARD_FAILURES.unreachable) {
    return new CardUnreachableError(cause.message, { cause })
  }
  const what = [command, ...lanes].join(' ')
  return new CardCommandFailedError(`${what} failed on host ${hostId}: ${cause?.message ?? error.message}`, {
    cause,
  })
}
