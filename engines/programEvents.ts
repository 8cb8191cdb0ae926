import { z } from 'zod'
import { type EngineEvent, eventSchema } from './protocol.ts'

const anyHello = z.object({ type: z.literal('hello'), v: z.unknown() })

export type ParsedLine =
  | { kind: 'event'; event: EngineEvent }
  /** A hello in a version of the protocol that this driver does not speak. */
  | { kind: 'other-version'; version: string }
  | { kind: 'malformed'; why: string }

/** Reads one line of a program's stdout. `why` names what is wrong, never what the line held. */
export function parseEventLine(line: string): ParsedLine {
  const value = parseJson(line)
  if (value === undefined) return { kind: 'malformed', why: 'not JSON' }
  const parsed = eventSchema.safeParse(value)
  if (parsed.success) return { kind: 'event', event: parsed.data }
  const hello = anyHello.safeParse(value)
  if (hello.success) return { kind: 'other-version', version: String(hello.data.v).slice(0, 20) }
  const why = parsed.error.issues.map(issue => `${issue.path.join('.') || 'event'}: ${issue.code}`)
  return { kind: 'malformed', why: why.slice(0, 5).join(', ') }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
