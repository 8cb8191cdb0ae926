import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import { checkContentPolicy } from '../jobs/contentPolicy.ts'
import { JobFailure } from '../jobs/failures.ts'
import { jobTypeRow } from '../jobs/jobTypes.ts'
import type { JobPlan } from '../jobs/plan.ts'
import { promptText } from '../jobs/promptText.ts'
import { withCardHeartbeats } from './cardActivity.ts'

/** A language model may ramble; the model that draws reads a few hundred tokens at most. */
const LONGEST_PROMPT = 4000
/** The card's limit for one rewrite: a multiple of the expected minute, so that a stuck model falls back to the original. */
const CARD_SECONDS_LIMIT = 300

export interface EnhancePromptDeps {
  program: Pick<InferenceProgram, 'run'>
  simulate: boolean
  /** Why the job cannot be rendered here whatever its prompt is; null when it can. */
  missingVace: (plan: JobPlan) => Promise<string | null>
  /** Factor of the card's time limit; 1 but in tests of faults. */
  timeScale?: number
}

export interface EnhancedPrompt {
  prompt: string
  /** By itself, without waiting for the card. */
  tookMs: number
}

/**
 * Rewrites a prompt on the card. Throws `policy_refused` when the rewritten prompt is not allowed, and `model_missing` before
 * it asks for the card where the job could not be rendered afterwards.
 */
export function createEnhancePrompt(deps: EnhancePromptDeps) {
  return async function enhancePrompt({ plan }: { plan: JobPlan }): Promise<EnhancedPrompt> {
    const missing = await deps.missingVace(plan)
    if (missing !== null) throw new JobFailure('model_missing', missing)
    const result = await withCardHeartbeats(({ signal, onProgress }) =>
      deps.program.run(
        {
          id: `enhance-${plan.jobId}`,
          lane: 'wan.enhance',
          job: {
            kind: 'enhance',
            prompt: plan.prompt,
            medium: jobTypeRow(plan.type).medium,
            expectedSeconds: plan.expectedEnhanceSeconds,
            simulate: deps.simulate ? plan.simulate : null,
          },
          outDir: null,
          cardSecondsLimit: CARD_SECONDS_LIMIT * (deps.timeScale ?? 1),
        },
        { signal, onProgress },
      ),
    )
    const { loadMs, cardMs, encodeMs } = result.timings
    return { prompt: checkedPrompt(result.text ?? ''), tookMs: loadMs + cardMs + encodeMs }
  }
}

/** The prompt of an enhancer's answer, as it is drawn. Throws {@link JobFailure} where there is none or it is not allowed. */
export function checkedPrompt(answer: string): string {
  const prompt = promptText(answer.slice(0, LONGEST_PROMPT))
  if (!prompt) throw new JobFailure('engine_output_invalid', 'the enhancer gave no text')
  const verdict = checkContentPolicy(prompt)
  if (!verdict.allowed) {
    throw new JobFailure('policy_refused', `the enhanced prompt was refused: ${verdict.reason}`)
  }
  return prompt
}
