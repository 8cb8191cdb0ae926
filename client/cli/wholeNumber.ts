import { InvalidArgumentError as InvalidOption } from 'commander'

/** Parses an option that counts something. */
export function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidOption('It must be a whole number.')
  return Number(value)
}
