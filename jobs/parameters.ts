import { describeGiven } from './describeGiven.ts'
import { InvalidField } from './invalidField.ts'
import type { Payload } from './payload.ts'
import { promptText } from './promptText.ts'
import { firstGiven, type Given, SPELLINGS } from './spellings.ts'

export type Parameter = keyof typeof SPELLINGS

interface NumberRule {
  min: number
  max: number
  integer?: boolean
}

/** One parameter of a payload, wherever it stands; null when it is not given. */
export function given(payload: Payload, parameter: Parameter): Given | null {
  return firstGiven(payload, SPELLINGS[parameter])
}

/** A number, or a text that is one. Throws {@link InvalidField} for anything else and for what lies outside the rule. */
export function numberGiven(payload: Payload, parameter: Parameter, rule: NumberRule): number | null {
  const found = given(payload, parameter)
  return found === null ? null : checkedNumber(found, rule)
}

export function checkedNumber(found: Given, { min, max, integer = false }: NumberRule): number {
  const number = asNumber(found.value)
  const fits = number >= min && number <= max && (!integer || Number.isInteger(number))
  if (!fits) throw invalid(found, `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`)
  // JSON knows no −0.
  return number + 0
}

/** NaN for whatever is not unmistakably a number. */
export function asNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value.trim())) return Number(value)
  return Number.NaN
}

/** A text of a prompt, at most `longest` characters; null when nothing is left of it. Throws {@link InvalidField} for what is no text. */
export function textGiven(payload: Payload, parameter: Parameter, longest: number): string | null {
  const found = given(payload, parameter)
  if (found === null) return null
  if (typeof found.value !== 'string') throw invalid(found, 'text')
  const text = promptText(found.value)
  if (text.length > longest) {
    throw new InvalidField(found.field, `${text.length} characters`, `up to ${longest} characters`)
  }
  return text === '' ? null : text
}

/** A flag as producers write it; null when it is not given or is no flag. */
export function flagGiven(payload: Payload, parameter: Parameter): boolean | null {
  const value = given(payload, parameter)?.value
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : null
}

export function invalid({ field, value }: Given, allowed: string): InvalidField {
  return new InvalidField(field, describeGiven(value), allowed)
}
