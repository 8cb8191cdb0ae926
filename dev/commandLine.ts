import { parseArgs } from 'node:util'

type OptionTable = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/**
 * The options of a program of this repository, as `parseArgs` reads them. With `--help` prints the usage and ends the process, and
 * with what it does not know says so first (exit code 2).
 */
export function readOptions<const Table extends OptionTable>(usage: string, table: Table) {
  const read = orRefuse(usage, () =>
    parseArgs({ options: { ...table, help: { type: 'boolean', default: false } } }),
  )
  if ('help' in read.values && read.values.help === true) {
    console.log(usage)
    process.exit(0)
  }
  return read
}

/** What `read` gives; what it throws ends the process with its message, the usage, and exit code 2. */
export function orRefuse<T>(usage: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    process.exit(2)
  }
}

/** A number above 0 in `values[name]`. Throws for anything else. */
export function positive(name: string, text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new Error(`--${name}: ${text} is no number above 0`)
}

/** A whole number above 0. */
export function whole(name: string, text: string): number {
  const value = positive(name, text)
  if (Number.isInteger(value)) return value
  throw new Error(`--${name}: ${text} is no whole number`)
}
