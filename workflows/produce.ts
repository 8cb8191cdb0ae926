import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { JobPlan, ReferenceRole } from '../jobs/plan.ts'
import type { RenderReceipt, StagedFile, UploadedAsset } from '../jobs/receipt.ts'
import { card, host, io, local, queues } from './activities.ts'
import { isHostSilent, wasHeld, whyItFailed } from './failure.ts'
import { showPhase } from './jobView.ts'
import type { JobSettings } from './types.ts'

/** A host that vanishes again and again is not rendered for without end. */
const LOST_RENDERS_LIMIT = 3

/** What a job has brought about so far: the state that its ending is told from. */
export interface Production {
  /** Loses its reference when the job falls back to rendering without one. */
  plan: JobPlan & { seed: number }
  /** Whether the card has done anything for this job. */
  held: boolean
  uploading: boolean
  enhancedPrompt: string | null
  enhancement: 'applied' | 'failed' | null
  referenceDropped: string | null
  receipt: RenderReceipt | null
  assets: UploadedAsset[]
}

interface PreparedReference {
  role: ReferenceRole
  file: StagedFile
}

export function beginProduction(plan: JobPlan & { seed: number }): Production {
  return {
    plan,
    held: false,
    uploading: false,
    enhancedPrompt: null,
    enhancement: null,
    referenceDropped: null,
    receipt: null,
    assets: [],
  }
}

/** Everything between the plan and the uploaded assets. Throws what the failing activity threw. */
export async function produce(
  production: Production,
  payload: unknown,
  settings: JobSettings,
): Promise<void> {
  const references = await prepareReferences(production, payload)
  if (production.plan.enhance) await enhance(production)
  try {
    await renderAndUpload(production, references, settings)
  } catch (error) {
    const { code } = whyItFailed(error)
    if (code === 'staged_lost') {
      await renderAndUpload(production, await prepareReferences(production, payload), settings)
    } else if (code === 'model_missing' && mayDropReference(production)) {
      await dropReference(production, payload, error)
      await renderAndUpload(production, [], settings)
    } else throw error
  }
}

async function prepareReferences(production: Production, payload: unknown): Promise<PreparedReference[]> {
  const { plan } = production
  if (plan.reference.sources.length === 0) return []
  try {
    showPhase('fetching references')
    const fetched = await io().fetchReferences.executeWithOptions(
      {
        summary: `${plan.reference.mode} reference`,
        startToCloseTimeout: '5 minutes',
        heartbeatTimeout: '30s',
        retry: { maximumAttempts: 4 },
      },
      [{ userId: plan.userId, sources: plan.reference.sources }],
    )
    showPhase('preparing references')
    return await io().preprocessFrames.executeWithOptions(
      { summary: `to ${plan.width}×${plan.height}`, heartbeatTimeout: '30s', retry: { maximumAttempts: 4 } },
      [{ references: fetched, family: plan.family, width: plan.width, height: plan.height }],
    )
  } catch (error) {
    if (isCancellation(error) || !mayDropReference(production)) throw error
    await dropReference(production, payload, error)
    return []
  }
}

function mayDropReference({ plan }: Production): boolean {
  return plan.reference.fallback && plan.reference.mode !== 'none'
}

/** The producer allows a render without the reference: plan anew without it, as guidance and expected time depend on it. */
async function dropReference(production: Production, payload: unknown, error: unknown): Promise<void> {
  const { result } = await local.planJob({ payload, withoutReference: true })
  if (!result.ok) throw error
  production.plan = { ...result.plan, seed: production.plan.seed }
  production.referenceDropped = whyItFailed(error).code
}

/** Rewrites the prompt; when that fails, the original is rendered and the callback says so. A refused one fails the job. */
async function enhance(production: Production): Promise<void> {
  const { plan } = production
  showPhase('enhancing prompt')
  try {
    const { prompt } = await card.enhancePrompt.executeWithOptions(
      { taskQueue: queues().lane('wan.enhance'), summary: 'enhance prompt', retry: { maximumAttempts: 3 } },
      [{ plan }],
    )
    production.held = true
    production.enhancedPrompt = prompt
    production.enhancement = 'applied'
  } catch (error) {
    production.held ||= wasHeld(error)
    const stopped = isCancellation(error) || CancellationScope.current().consideredCancelled
    if (stopped || whyItFailed(error).code === 'policy_refused') throw error
    production.enhancement = 'failed'
  }
}

/** Renders, then uploads from the host that holds the files. If that host is gone, renders again with the same seed. */
async function renderAndUpload(
  production: Production,
  references: PreparedReference[],
  settings: JobSettings,
): Promise<void> {
  let lost = 0
  let silentHost: string | null = null
  for (;;) {
    const receipt = await render(production, references)
    production.held = true
    production.receipt = receipt
    // A silent host that now shows its receipt again was only busy, as all do when the store hangs: nothing is lost.
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

function render(production: Production, references: PreparedReference[]): Promise<RenderReceipt> {
  const { plan } = production
  showPhase('rendering')
  return card.generate.executeWithOptions(
    {
      taskQueue: queues().lane(plan.lane),
      summary: `${plan.type} · ${plan.width}×${plan.height} · ${plan.steps} steps · ${amountOf(plan)}`,
      retry: { maximumAttempts: plan.renderAttempts, initialInterval: '1s', maximumInterval: '1 minute' },
      // Charges a user by our own estimate of GPU seconds. A weight at the workflow's start would charge every small task too.
      priority: { fairnessWeight: Math.min(1000, Math.max(0.001, 1 / plan.expectedRenderSeconds)) },
    },
    [{ plan, prompt: production.enhancedPrompt ?? plan.prompt, references }],
  )
}

function amountOf({ images, frames }: JobPlan): string {
  if (frames > 1) return `${frames} frames`
  return images > 1 ? `${images} images` : '1 image'
}

function upload(
  production: Production,
  receipt: RenderReceipt,
  settings: JobSettings,
): Promise<UploadedAsset[]> {
  const { plan } = production
  showPhase('uploading')
  production.uploading = true
  return host.uploadAssets.executeWithOptions(
    {
      taskQueue: queues().host(receipt.host),
      summary: `${receipt.files.length} ${plan.extension} to ${plan.bucket}`,
      scheduleToStartTimeout: settings.hostLostMs,
      // Only a new render can bring lost files back, so asking the same host again is of no use.
      retry: { initialInterval: '1s', maximumInterval: '1 minute', nonRetryableErrorTypes: ['render_lost'] },
    },
    [{ receipt, userId: plan.userId, bucket: plan.bucket }],
  )
}
