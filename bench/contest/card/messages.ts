import { z } from 'zod'

/** What a program says to the card, one JSON object a line. `seconds` are real ones, before the world's scale. */
export const requestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), client: z.string() }),
  z.object({ type: z.literal('compute'), id: z.int(), jobId: z.string(), seconds: z.number().nonnegative() }),
  z.object({ type: z.literal('stop'), id: z.int() }),
  /** Asks for the log of use, and empties it. */
  z.object({ type: z.literal('uses') }),
])
export type CardRequest = z.infer<typeof requestSchema>

const use = z.object({
  jobId: z.string(),
  client: z.string(),
  fromMs: z.number(),
  toMs: z.number(),
  computedMs: z.number(),
})

export const answerSchema = z.discriminatedUnion('type', [
  /** A computation is over: `seconds` of it were done. */
  z.object({ type: z.literal('done'), id: z.int(), seconds: z.number() }),
  z.object({ type: z.literal('uses'), uses: z.array(use), active: z.int() }),
])
export type CardAnswer = z.infer<typeof answerSchema>
