import { CancellationScope, workflowInfo } from '@temporalio/workflow'
import { processingEvent } from '../jobs/callback.ts'
import type { JobPlan } from '../jobs/plan.ts'
import { jobIdOf } from '../jobs/workflowIds.ts'
import { local } from './activities.ts'
import { CallbackSender } from './callbackSender.ts'
import { conclude } from './conclude.ts'
import { failureView, wasHeld, whyItFailed } from './failure.ts'
import { showStarted } from './jobView.ts'
import { produce } from './produce.ts'
import { beginProduction, type Production } from './production.ts'
import { Quarantine } from './quarantine.ts'
import type { FailureView, GenerateMediaInput, JobOutcome, JobSettings } from './types.ts'

/**
 * One job from its payload to its terminal callback. Completes with the outcome once the assets are uploaded; fails with the
 * code of the failure table as type and the outcome as detail; ends cancelled after a cancellation. Whatever happens, exactly
 * one terminal callback goes out; for a workflow that is terminated by hand, the reconciler sends it.
 */
export async function generateMediaWorkflow(input: GenerateMediaInput): Promise<JobOutcome> {
  const { workflowId, firstExecutionRunId: firstRunId } = workflowInfo()
  const jobId = jobIdOf(workflowId)
  const quarantine = new Quarantine()
  const { result, settings, isReset } = await CancellationScope.nonCancellable(() =>
    local.planJob({ payload: input.payload, firstRunId }),
  )
  const sender = new CallbackSender(settings)
  if (!result.ok) {
    const failure = failureView(result.error.code, result.error.message)
    return conclude({ jobId, planError: result.error, production: null, failure, sender, settings })
  }

  const plan = { ...result.plan, seed: result.plan.seed ?? randomSeed() }
  const production = beginProduction(plan)
  const work = () => produce(production, input.payload, settings)
  showStarted(plan)
  sender.send(processingEvent({ plan, seed: plan.seed }))
  const leftMs = isReset ? deadlineMs(plan, settings) : remainingMs(plan, settings)
  let failure = await untilDeadline(leftMs, production, work)
  while (failure?.code === 'poisoned') {
    const end = await quarantine.hold(failure.detail, settings)
    failure = end.released ? await workAnew(end.lowMemory) : end.failure
  }
  return conclude({ jobId, planError: null, production, failure, sender, settings })

  /** As if it had just been submitted, its deadline included; but what was made ready for it still is. */
  function workAnew(lowMemory: boolean): Promise<FailureView | null> {
    production.round += 1
    production.lowMemory = lowMemory
    return untilDeadline(deadlineMs(plan, settings), production, work)
  }
}

/** Why the work failed, or was stopped; null when all is done. */
async function untilDeadline(
  leftMs: number,
  production: Production,
  work: () => Promise<void>,
): Promise<FailureView | null> {
  const scope = new CancellationScope({ cancellable: true, timeout: leftMs })
  try {
    await scope.run(work)
    return null
  } catch (error) {
    // Work that was told to stop may end otherwise than cancelled: its worker is dead, or failed in that very moment.
    return scope.consideredCancelled ? whyItWasStopped(error, production) : whyItFailed(error)
  }
}

/** Chosen inside the workflow, where randomness is replayed, so that every retry draws the same picture. */
function randomSeed(): number {
  return Math.floor(Math.random() * 999_999_999) + 1
}

/** The deadline counts from submission, waiting included; a reset keeps that time, so a job that is reset has it all again. */
function remainingMs(plan: JobPlan, settings: JobSettings): number {
  const waitedMs = Date.now() - workflowInfo().startTime.getTime()
  return Math.max(1, deadlineMs(plan, settings) - waitedMs)
}

function deadlineMs(plan: JobPlan, settings: JobSettings): number {
  return Math.max(1, plan.deadlineMs * settings.deadlineFactor)
}

/** A cancelled root scope means a request; otherwise it was the deadline's timer that cancelled the work. */
function whyItWasStopped(error: unknown, production: Production): FailureView {
  const held = production.held || wasHeld(error)
  if (CancellationScope.current().consideredCancelled) {
    return failureView(held ? 'canceled' : 'aborted', 'cancelled on request')
  }
  return failureView('deadline_exceeded', held ? 'the GPU had begun' : 'no GPU worker took it in time')
}
