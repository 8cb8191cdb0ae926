import { CancellationScope, workflowInfo } from '@temporalio/workflow'
import { processingEvent } from '../jobs/callback.ts'
import type { JobPlan } from '../jobs/plan.ts'
import { jobIdOf } from '../jobs/searchAttributes.ts'
import { local } from './activities.ts'
import { CallbackSender } from './callbackSender.ts'
import { conclude } from './conclude.ts'
import { type FailureView, failureView, wasHeld, whyItFailed } from './failure.ts'
import { showStarted } from './jobView.ts'
import { beginProduction, type Production, produce } from './produce.ts'
import type { GenerateMediaInput, JobOutcome, JobSettings } from './types.ts'

/**
 * One job from its payload to its terminal callback. Completes with the outcome once the assets are uploaded; fails with the
 * code of the failure table as type and the outcome as detail; ends cancelled after a cancellation. Whatever happens, exactly
 * one terminal callback goes out; for a workflow that is terminated by hand, the reconciler sends it.
 */
export async function generateMediaWorkflow(input: GenerateMediaInput): Promise<JobOutcome> {
  const jobId = jobIdOf(workflowInfo().workflowId)
  const { result, settings } = await CancellationScope.nonCancellable(() =>
    local.planJob({ payload: input.payload }),
  )
  const sender = new CallbackSender(settings)
  if (!result.ok) {
    const failure = failureView(result.error.code, result.error.message)
    return conclude({ jobId, planError: result.error, production: null, failure, sender, settings })
  }

  const plan = { ...result.plan, seed: result.plan.seed ?? randomSeed() }
  const production = beginProduction(plan)
  const untilDeadline = new CancellationScope({ cancellable: true, timeout: remainingMs(plan, settings) })
  let failure: FailureView | null = null
  try {
    showStarted(plan)
    sender.send(processingEvent({ plan, seed: plan.seed }))
    await untilDeadline.run(() => produce(production, input.payload, settings))
  } catch (error) {
    // Work that was told to stop may end otherwise than cancelled: its worker is dead, or failed in that very moment.
    failure = untilDeadline.consideredCancelled ? whyItWasStopped(error, production) : whyItFailed(error)
  }
  return conclude({ jobId, planError: null, production, failure, sender, settings })
}

/** Chosen inside the workflow, where randomness is replayed, so that every retry draws the same picture. */
function randomSeed(): number {
  return Math.floor(Math.random() * 999_999_999) + 1
}

/** The deadline counts from submission, waiting included. */
function remainingMs(plan: JobPlan, settings: JobSettings): number {
  const waitedMs = Date.now() - workflowInfo().startTime.getTime()
  return Math.max(1, plan.deadlineMs * settings.deadlineFactor - waitedMs)
}

/** A cancelled root scope means a request; otherwise it was the deadline's timer that cancelled the work. */
function whyItWasStopped(error: unknown, production: Production): FailureView {
  const held = production.held || wasHeld(error)
  if (CancellationScope.current().consideredCancelled) {
    return failureView(held ? 'canceled' : 'aborted', 'cancelled on request')
  }
  return failureView('deadline_exceeded', held ? 'the GPU had begun' : 'no GPU worker took it in time')
}
