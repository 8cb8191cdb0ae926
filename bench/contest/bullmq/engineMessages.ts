import { z } from 'zod'
import { workSchema } from '../work.ts'

/** To a warm engine on its standard input: render this. */
export const engineJobSchema = z.object({ work: workSchema, outDir: z.string() })
export type EngineJob = z.infer<typeof engineJobSchema>

/** From it: the model is free for the next job; the files are there. */
export const engineEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('computed'), jobId: z.string() }),
  z.object({ type: z.literal('saved'), jobId: z.string(), files: z.array(z.string()) }),
  z.object({ type: z.literal('failed'), jobId: z.string(), message: z.string() }),
])
export type EngineEvent = z.infer<typeof engineEventSchema>
