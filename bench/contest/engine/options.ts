import { z } from 'zod'

export const engineOptionsSchema = z.object({
  scale: z.number().positive(),
  cardSocket: z.string(),
  /** Of the world: its templates are there. */
  dir: z.string(),
  ffmpeg: z.string(),
})
export type EngineOptions = z.infer<typeof engineOptionsSchema>
