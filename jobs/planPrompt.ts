import { isBlank } from './cleanText.ts'
import { InvalidField } from './invalidField.ts'
import type { Family } from './jobTypes.ts'
import { sdxlNegativePrompt } from './negativePrompt.ts'
import { flagGiven, textGiven } from './parameters.ts'
import type { Payload } from './payload.ts'
import type { JobPlan } from './plan.ts'
import { promptText } from './promptText.ts'

/** Far beyond what the models read; a bound for logs, histories and the time of the content policy. */
const LONGEST_PROMPT = 10_000

/** The prompt as the model gets it, and what it must not draw. Throws {@link InvalidField}, which never holds the prompt. */
export function planPrompt(
  payload: Payload,
  family: Family,
): Pick<JobPlan, 'prompt' | 'negativePrompt' | 'negativePromptSource'> {
  const prompt = promptText(payload.prompt)
  const weights = family === 'sdxl' ? compelWeights(payload) : null
  const whole = weights === null ? prompt : `${prompt}, ${weights}`
  if (isBlank(prompt) || whole.length > LONGEST_PROMPT) {
    const length = isBlank(prompt) ? 'an empty text' : `${whole.length} characters`
    throw new InvalidField('prompt', length, `1 to ${LONGEST_PROMPT} characters, one of them visible`)
  }
  const negative = textGiven(payload, 'negativePrompt', LONGEST_PROMPT)
  if (negative !== null) {
    return { prompt: whole, negativePrompt: negative, negativePromptSource: 'payload' }
  }
  return family === 'sdxl'
    ? { prompt: whole, negativePrompt: sdxlNegativePrompt(prompt), negativePromptSource: 'rules' }
    : { prompt: whole, negativePrompt: '', negativePromptSource: 'none' }
}

/** Weighted terms such as `(beautiful:1.3), (woman:1.2)`, unless the payload switches them off. */
function compelWeights(payload: Payload): string | null {
  if (flagGiven(payload, 'compelEnabled') === false) return null
  return textGiven(payload, 'compelWeights', LONGEST_PROMPT)
}
