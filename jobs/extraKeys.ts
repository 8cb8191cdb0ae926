import { cleanText } from './cleanText.ts'
import { METADATA_KEYS } from './metadataKeys.ts'
import type { Sections } from './payload.ts'
import { SPELLINGS } from './spellings.ts'

const MOST_BYTES = 32 * 1024
const DEEPEST = 20
const ENVELOPE = ['id', 'user_id', 'type', 'prompt', 'config', 'metadata']
const UNSAFE = ['__proto__', 'constructor', 'prototype']

/** Stands in the place of keys that are too many. */
const TRUNCATED = 'metadata_truncated'

const known = new Set([
  ...ENVELOPE,
  ...METADATA_KEYS,
  TRUNCATED,
  ...UNSAFE,
  ...Object.values(SPELLINGS).flatMap(places => places.map(place => place.replace(/^.*\./, ''))),
])

/**
 * The keys of a payload that no parameter reads and that we do not write ourselves, from all three levels (metadata wins over
 * config, config over the top), as plain JSON that any database takes. Too large or too deep a set is replaced by a mark.
 */
export function extraKeys(payload: Sections): Record<string, unknown> {
  try {
    const extra = Object.fromEntries(
      [payload, payload.config, payload.metadata]
        .flatMap(section => Object.entries(section))
        .map(([key, value]): [string, unknown] => [cleanText(key), value])
        .filter(([key]) => !known.has(key))
        .map(([key, value]) => [key, jsonSafe(value, 0)]),
    )
    if (new TextEncoder().encode(JSON.stringify(extra)).length <= MOST_BYTES) return extra
  } catch {
    // Too deep, or an object that resists being read.
  }
  return { [TRUNCATED]: true }
}

function jsonSafe(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) throw new RangeError('too deep')
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '')
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
  if (typeof value === 'boolean') return value
  if (Array.isArray(value)) return Array.from(value, item => jsonSafe(item, depth + 1))
  if (typeof value !== 'object' || value === null) return null
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !UNSAFE.includes(key))
      .map(([key, item]) => [key.toWellFormed().replaceAll('\0', ''), jsonSafe(item, depth + 1)]),
  )
}
