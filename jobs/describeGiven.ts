import { cleanText } from './cleanText.ts'

/** Enough for a mistyped number, name or id, too short for a prompt in the wrong place to be read. */
const LONGEST = 40

/** What a payload gave, short enough for a message and without what may be secret: of an address only its host is told. */
export function describeGiven(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return describeText(value)
    case 'number':
    case 'boolean':
      return String(value)
    case 'undefined':
      return 'nothing'
    default:
      if (value === null) return 'nothing'
      if (Array.isArray(value)) return `a list of ${value.length}`
      return typeof value === 'object' ? 'an object' : `a ${typeof value}`
  }
}

function describeText(text: string): string {
  const shown = cleanText(withoutSecrets(text.slice(0, 2000)))
  return JSON.stringify(shown.length > LONGEST ? `${shown.slice(0, LONGEST).toWellFormed()}…` : shown)
}

function withoutSecrets(text: string): string {
  const authority = /^\s*([a-z][a-z0-9+.-]*:)\/*(?:[^/?#]*@)?([^/?#]*)/i.exec(text)
  if (authority) return `${authority[1]}//${authority[2]}/…`
  return text.replace(/[?#].*$/s, '…')
}
