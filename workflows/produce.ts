import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow'
import type { RenderReceipt, StagedReference, UploadedAsset } from '../jobs/receipt.ts'
import { card, io, local, queues, SECOND_MS, uploads } from './activities.ts'
import { isAttemptWasted, isHostSilent, wasHeld, whyItFailed } from './failure.ts'
import { showPhase } from './jobView.ts'
import { outages } from './outages.ts'
import type { Production } from './production.ts'
import { pauses, render } from './render.ts'
import { scaledMs } from './timeScale.ts'
import type { JobSettings } from './types.ts'

/** A host that vanishes again and again is not rendered for without end, nor are references fetched that do not stay. */
const LOST_RENDERS_LIMIT = 3
const LOST_REFERENCES_LIMIT = 3

/**
 * Everything between the plan and the uploaded assets, less what an earlier round has brought about. Throws what the failing
 * activity threw.
 */
export async function produce(
  production: Production,
  payload: unknown,
  settings: JobSettings,
): Promise<void> {
  production.references ??= await prepareReferences(production, payload, settings)
  if (production.plan.enhance && production.enhancement === null) await enhance(production, settings)
  for (let lost = 0; ; lost += 1) {
    try {
      return await renderAndUpload(production, production.references, settings)
    } catch (error) {
      const { code } = whyItFailed(error)
      if (code === 'staged_lost' && lost < LOST_REFERENCES_LIMIT) {
        production.references = await prepareReferences(production, payload, settings)
      } else if (code === 'model_missing' && mayDropReference(production)) {
        await dropReference(production, payload, error)
        production.references = []
      } else throw error
    }
  }
}

async function prepareReferences(
  production: Production,
  payload: unknown,
  settings: JobSettings,
): Promise<StagedReference[]> {
  if (production.plan.reference.sources.length === 0) return []
  const outlived = outages(settings, ['store_unavailable', 'disk_full'])
  for (let lost = 0; ; ) {
    try {
      return await fetchAndPrepare(production, settings)
    } catch (error) {
      if (whyItFailed(error).code === 'staged_lost' && lost < LOST_REFERENCES_LIMIT) {
        lost += 1
        continue
      }
      // What befell the workers says nothing of the reference.
      if (isAttemptWasted(error) && (await outlived(error))) continue
      if (!isCancellation(error) && mayDropReference(production)) {
        await dropReference(production, payload, error)
        return []
      }
      if (!(await outlived(error))) throw error
    }
  }
}

async function fetchAndPrepare({ plan }: Production, settings: JobSettings): Promise<StagedReference[]> {
  const limits = {
    heartbeatTimeout: scaledMs(settings, 30 * SECOND_MS),
    retry: { initialInterval: scaledMs(settings, SECOND_MS), maximumAttempts: 4 },
  }
  showPhase('fetching references')
  const fetched = await io(settings).fetchReferences.executeWithOptions(
    { summary: `${plan.reference.mode} reference`, ...limits },
    [{ userId: plan.userId, sources: plan.reference.sources }],
  )
  showPhase('preparing references')
  return await io(settings).preprocessFrames.executeWithOptions(
    { summary: `for ${plan.width}×${plan.height}`, ...limits },
    [{ references: fetched, family: plan.family, width: plan.width, height: plan.height }],
  )
}

function mayDropReference({ plan }: Production): boolean {
  return plan.reference.fallback && plan.reference.mode !== 'none'
}

/** The producer allows a render without the reference: plan anew without it, as guidance and expected time depend on it. */
async function dropReference(production: Production, payload: unknown, error: unknown): Promise<void> {
  const { firstExecutionRunId: firstRunId } = workflowInfo()
  const { result } = await local.planJob({ payload, firstRunId, withoutReference: true })
  if (!result.ok) throw error
  production.plan = { ...result.plan, seed: production.plan.seed }
  production.referenceDropped = whyItFailed(error).code
}

/** Rewrites the prompt; when that fails, the original is rendered and the callback says so. A refused one fails the job. */
async function enhance(production: Production, settings: JobSettings): Promise<void> {
  const { plan } = production
  const outlived = outages(settings)
  showPhase('enhancing prompt')
  for (;;) {
    try {
      const { prompt, tookMs } = await card(settings).enhancePrompt.executeWithOptions(
        {
          taskQueue: queues().lane('wan.enhance'),
          summary: 'enhance prompt',
          // The same prompt gives the same answer: one that took too long, or was of no use, would be so again.
          retry: {
            initialInterval: scaledMs(settings, SECOND_MS),
            maximumAttempts: 3,
            nonRetryableErrorTypes: ['engine_internal'],
          },
        },
        [{ plan }],
      )
      production.held = true
      production.enhancedPrompt = prompt
      production.enhancement = 'applied'
      production.enhanceMs = tookMs
      return
    } catch (error) {
      production.held ||= wasHeld(error)
      const stopped = isCancellation(error) || CancellationScope.current().consideredCancelled
      if (stopped || whyItFailed(error).code === 'policy_refused') throw error
      if (isAttemptWasted(error) && (await outlived(error))) continue
      production.enhancement = 'failed'
      return
    }
  }
}

/** Renders, then uploads from the host that holds the files. If that host is gone, renders again with the same seed. */
async function renderAndUpload(
  production: Production,
  references: StagedReference[],
  settings: JobSettings,
): Promise<void> {
  let lost = 0
  let silentHost: string | null = null
  for (;;) {
    const receipt = await render(production, references, settings, silentHost)
    production.held = true
    production.receipt = receipt
    // A silent host that shows its receipt again was only busy, as its uploads are when the store hangs: nothing is lost.
    if (silentHost !== null && receipt.host !== silentHost) lost += 1
    try {
      production.assets = await upload(production, receipt, settings)
      return
    } catch (error) {
      if (whyItFailed(error).code !== 'render_lost' || lost === LOST_RENDERS_LIMIT) throw error
      silentHost = isHostSilent(error) ? receipt.host : null
      if (silentHost === null) lost += 1
    }
  }
}

function upload(
  production: Production,
  receipt: RenderReceipt,
  settings: JobSettings,
): Promise<UploadedAsset[]> {
  const { plan } = production
  showPhase('uploading')
  production.uploading = true
  return uploads(settings).uploadAssets.executeWithOptions(
    {
      taskQueue: queues().uploads(receipt.host),
      summary: `${receipt.files.length} ${plan.extension} to ${plan.bucket}`,
      scheduleToStartTimeout: settings.hostLostMs,
      // Only a new render can bring lost files back, so asking the same host again is of no use.
      retry: { ...pauses(settings), nonRetryableErrorTypes: ['render_lost'] },
    },
    [{ receipt, userId: plan.userId, bucket: plan.bucket }],
  )
}
