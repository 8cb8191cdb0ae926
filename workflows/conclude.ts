import { ApplicationFailureCategory, WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow'
import { type CallbackEvent, completedEvent, failedEvent } from '../jobs/callback.ts'
import { FAILURES } from '../jobs/failures.ts'
import type { PlanError } from '../jobs/plan.ts'
import type { TerminalStatus } from '../jobs/status.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { callbacks } from './activities.ts'
import type { CallbackSender } from './callbackSender.ts'
import { showOutcome, showPhase } from './jobView.ts'
import type { Production } from './production.ts'
import { removeAssetsWorkflow } from './removeAssets.ts'
import { scaledMs, scaleOf } from './timeScale.ts'
import type { FailureView, JobOutcome, JobSettings } from './types.ts'

export interface Ending {
  jobId: string
  planError: PlanError | null
  /** null when the payload was no job. */
  production: Production | null
  /** null when the job is completed. */
  failure: FailureView | null
  sender: CallbackSender
  settings: JobSettings
}

/** Sends the terminal callback, tidies up and closes the workflow in the state that tells how the job ended. Cannot be cancelled. */
export async function conclude(ending: Ending): Promise<JobOutcome> {
  const outcome = outcomeOf(ending)
  const delivery = await CancellationScope.nonCancellable(async () => {
    showPhase('finishing')
    await removePartialUpload(ending)
    const [status] = await Promise.all([ending.sender.finish(terminalEvent(ending)), recordUsage(ending)])
    return status
  })
  showOutcome(outcome, delivery)
  const { failure } = ending
  if (failure === null) return outcome
  if (outcome.status !== 'failed') throw new CancelledFailure(failure.message, [outcome])
  throw ApplicationFailure.create({
    message: `${failure.message} ${failure.detail}`.trim(),
    type: failure.code,
    nonRetryable: true,
    details: [outcome],
    ...(FAILURES[failure.code].blame === 'user' ? { category: ApplicationFailureCategory.BENIGN } : {}),
  })
}

function outcomeOf({ jobId, production, failure }: Ending): JobOutcome {
  return {
    jobId,
    status: statusOf(failure),
    type: production?.plan.type ?? null,
    referenceMode: production?.plan.reference.mode ?? null,
    bucket: production?.plan.bucket ?? null,
    assets: failure === null ? (production?.assets ?? []) : [],
    seed: production?.plan.seed ?? null,
    enhancedPrompt: production?.enhancedPrompt ?? null,
    receipt: production?.receipt ?? null,
    failure,
  }
}

function statusOf(failure: FailureView | null): TerminalStatus {
  if (failure === null) return 'completed'
  return failure.code === 'aborted' || failure.code === 'canceled' ? failure.code : 'failed'
}

function terminalEvent({ jobId, production, failure, planError }: Ending): CallbackEvent {
  const at = new Date().toISOString()
  if (failure === null && production?.receipt) {
    return completedEvent({ ...production, receipt: production.receipt, at })
  }
  return failedEvent({
    jobId,
    plan: production?.plan ?? null,
    failure: failure ?? { code: 'internal' },
    planError,
    at,
  })
}

/** A workflow of its own removes them, as the store may be the very thing that is down. */
async function removePartialUpload({ production, failure, settings }: Ending): Promise<void> {
  if (failure === null || production === null || !production.uploading) return
  const { bucket, userId, jobId, images, extension } = production.plan
  try {
    await startChild(removeAssetsWorkflow, {
      workflowId: workflowIds.removeAssets(jobId),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [{ bucket, userId, jobId, images, extension, ...scaleOf(settings) }],
    })
  } catch (error) {
    // A job that was reset may find its removal under way already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}

/** Best effort: the metrics endpoint may be down without any job noticing. */
async function recordUsage({ production, failure, settings }: Ending): Promise<void> {
  if (!settings.usage || production === null) return
  try {
    await callbacks(settings).recordUsage.executeWithOptions(
      {
        summary: 'metrics',
        startToCloseTimeout: scaledMs(settings, 15_000),
        scheduleToCloseTimeout: scaledMs(settings, 30_000),
        retry: { maximumAttempts: 2 },
      },
      [
        {
          plan: production.plan,
          receipt: production.receipt,
          enhanceMs: production.enhanceMs,
          assets: production.assets,
          success: failure === null,
          at: new Date().toISOString(),
        },
      ],
    )
  } catch {
    // The outcome of the job is decided either way.
  }
}
