/**
 * Far deeper than any payload. An object below it is `null` here, so whoever takes payloads in refuses what is deeper: two that
 * differ only below it would get one hash.
 */
export const DEEPEST_JSON = 500

/**
 * JSON with sorted keys and no blanks: the same text for the same value, whatever the order of its keys; the input of
 * fingerprints. Never throws: what JSON cannot say (functions, undefined, NaN) is left out or `null`, as JSON.stringify
 * does; a bigint is its digits, a circle `null`.
 */
export function canonicalJson(value: unknown): string {
  return write(value, []) ?? 'null'
}

function write(value: unknown, parents: readonly unknown[]): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return JSON.stringify(value)
    case 'bigint':
      return String(value)
    case 'object':
      if (value === null || parents.length > DEEPEST_JSON || parents.includes(value)) return 'null'
      return writeObject(value, [...parents, value])
    default:
      return undefined
  }
}

function writeObject(value: object, parents: readonly unknown[]): string | undefined {
  try {
    if ('toJSON' in value && typeof value.toJSON === 'function') return write(value.toJSON(), parents)
    if (Array.isArray(value))
      return `[${Array.from(value, item => write(item, parents) ?? 'null').join(',')}]`
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => ({ key: JSON.stringify(key), text: write(item, parents) }))
      .filter(({ text }) => text !== undefined)
      .map(({ key, text }) => `${key}:${text}`)
    return `{${members.join(',')}}`
  } catch {
    return 'null'
  }
}
