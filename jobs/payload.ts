import { z } from 'zod'
import { describeGiven } from './describeGiven.ts'
import { InvalidField } from './invalidField.ts'
import { jobTypeNames } from './jobTypes.ts'
import { UUID } from './uuid.ts'

const uuid = z
  .string()
  .regex(UUID)
  .transform(value => value.toLowerCase())
const section = z
  .looseObject({})
  .nullish()
  .transform(value => value ?? {})

/**
 * What every payload has, of either family and in every shape. All other keys are kept unread: a key counts only where
 * a parameter looks for it (spellings.ts), so that one nobody asks for never fails a job.
 */
const payloadSchema = z.looseObject({
  id: uuid,
  user_id: uuid,
  type: z.enum(jobTypeNames),
  prompt: z.string(),
  config: section,
  metadata: section,
})

export type Payload = z.infer<typeof payloadSchema>

/** The three levels that a parameter may stand on: the payload itself, its config and its metadata. */
export type Sections = Pick<Payload, 'config' | 'metadata'> & { [key: string]: unknown }

const sectionsSchema = z
  .looseObject({ config: section.catch({}), metadata: section.catch({}) })
  .catch({ config: {}, metadata: {} })

/** Of whatever came; empty where it has none. Never throws. */
export function sectionsOf(given: unknown): Sections {
  try {
    return sectionsSchema.parse(given)
  } catch {
    // An object that resists being read.
    return { config: {}, metadata: {} }
  }
}

const ALLOWED: Record<string, string> = {
  payload: 'a JSON object',
  id: 'a UUID',
  user_id: 'a UUID',
  type: jobTypeNames.join(', '),
  prompt: 'text',
  config: 'an object',
  metadata: 'an object',
}

/** Reads what every job must have. Throws {@link InvalidField}. */
export function readPayload(given: unknown): Payload {
  const parsed = payloadSchema.safeParse(given, { reportInput: true })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = String(issue?.path[0] ?? 'payload')
  // What stands in the place of a section may be the section as text, prompt included.
  const hidden = typeof issue?.input === 'string' && !['id', 'user_id', 'type'].includes(field)
  const value = hidden || field === 'prompt' ? typeName(issue?.input) : describeGiven(issue?.input)
  throw new InvalidField(field, value, ALLOWED[field] ?? 'something else')
}

const typeName = (value: unknown) => (value === undefined || value === null ? 'nothing' : typeof value)
