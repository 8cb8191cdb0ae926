import { describeGiven } from '../jobs/describeGiven.ts'
import { UUID } from '../jobs/uuid.ts'
import { InvalidArgumentError } from './errors.ts'

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

/** A job or user id in the one spelling that stands in workflow ids. Throws {@link InvalidArgumentError} if it is no UUID. */
export function parseUuid(value: string, what: string): string {
  if (!isUuid(value)) throw new InvalidArgumentError(`${what} must be a UUID, not ${describeGiven(value)}.`)
  return value.toLowerCase()
}
