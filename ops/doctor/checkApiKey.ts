import { z } from 'zod'
import { judgeExpiry } from './expiry.ts'
import type { Found } from './finding.ts'

const claimsSchema = z.object({ exp: z.number() })

/** How long an API key is good: those of Temporal Cloud are JSON Web Tokens, which say so. Of any other nothing is told. */
export function checkApiKey(apiKey: string | null): Found[] {
  const expires = apiKey === null ? null : expiryOf(apiKey)
  return expires === null ? [] : [judgeExpiry('TEMPORAL_API_KEY', () => expires)]
}

function expiryOf(token: string): Date | null {
  const [, claims, signature] = token.split('.')
  if (claims === undefined || signature === undefined) return null
  try {
    const { exp } = claimsSchema.parse(JSON.parse(Buffer.from(claims, 'base64url').toString()))
    return new Date(exp * 1000)
  } catch {
    return null
  }
}
