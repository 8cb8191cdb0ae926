import { WITHHELD } from '../jobs/textCensor.ts'

const secretKeys =
  /^(authorization|cookie|password|passwd|secret|token|accesstoken|apikey|servicekey|servicerolekey|signingkey|supabasekey|privatekey)$/
const privateKeys = /prompt|^payload$/

/** Deeper objects are cut: nothing that we log on purpose is nested so far. */
const maxDepth = 6

/**
 * A copy of log fields in which secrets and whatever a user wrote are withheld, by the names of their keys at any depth.
 * Errors become their name, code, message, stack and causes; every other property of an error may hold a payload.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0)
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      isWithheld(key, value) ? WITHHELD : redactValue(value, depth + 1),
    ]),
  )
}

function isWithheld(key: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number')
    return false
  const name = key.toLowerCase().replaceAll(/[-_]/g, '')
  return secretKeys.test(name) || privateKeys.test(name)
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return errorFields(value, depth)
  if (value instanceof Date) return value
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth > maxDepth) return '[deep]'
  if (Array.isArray(value)) return value.map(item => redactValue(item, depth + 1))
  return redactObject(value, depth)
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined
  const type = 'type' in error ? error.type : undefined
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined
      ? {}
      : { cause: depth > maxDepth ? '[deep]' : redactValue(error.cause, depth + 1) }),
  }
}
