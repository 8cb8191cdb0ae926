import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow'
import type { CardStatus } from '../jobs/cardStatus.ts'
import { host, queues } from './activities.ts'
import { isHostSilent } from './failure.ts'
import { CARD_FAILURES, type CardCommandInput } from './types.ts'

/** One command of an operator, carried out by the GPU worker of a host. Its history tells later who asked for what, and when. */
export async function cardCommandWorkflow(input: CardCommandInput): Promise<CardStatus> {
  const { hostId, answerWithinMs, command, lanes } = input
  try {
    return await host({}).controlCard.executeWithOptions(
      {
        taskQueue: queues().host(hostId),
        summary: [command, ...lanes].join(' '),
        scheduleToStartTimeout: answerWithinMs,
        startToCloseTimeout: '10s',
        retry: { maximumAttempts: 2 },
      },
      [{ command, lanes }],
    )
  } catch (error) {
    if (isCancellation(error)) throw error
    if (isHostSilent(error)) {
      throw ApplicationFailure.nonRetryable(
        `No GPU worker of host ${hostId} answers.`,
        CARD_FAILURES.unreachable,
      )
    }
    const why = error instanceof ActivityFailure ? error.cause : error
    throw ApplicationFailure.nonRetryable(
      why instanceof Error ? why.message : String(why),
      CARD_FAILURES.failed,
    )
  }
}
