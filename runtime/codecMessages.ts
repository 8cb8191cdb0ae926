import type { Payload } from '@temporalio/common'
import { z } from 'zod'

/** Bytes in protobuf's JSON: either alphabet of base64, padded or not. */
const bytes = z
  .string()
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/)
  .transform(text => Buffer.from(text, 'base64'))

const payloadsSchema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), bytes).nullish(), data: bytes.nullish() }))
    .default([]),
})

/** Reads `Payloads` in protobuf's JSON; null if the text is none. */
export function parsePayloads(text: string): Payload[] | null {
  const parsed = payloadsSchema.safeParse(parseJson(text))
  if (!parsed.success) return null
  return parsed.data.payloads.map(({ metadata, data }) => ({
    ...(metadata ? { metadata } : {}),
    ...(data ? { data } : {}),
  }))
}

export function printPayloads(payloads: readonly Payload[]): unknown {
  const inBase64 = (value: Uint8Array) => Buffer.from(value).toString('base64')
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, inBase64(value)]),
      ),
      data: inBase64(data ?? new Uint8Array()),
    })),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
