import { z } from 'zod'

const worldSchema = z.object({
  scale: z.number().positive(),
  cardSocket: z.string(),
  storeUrl: z.string(),
  receiverUrl: z.string(),
  redisUrl: z.string(),
  dir: z.string(),
})

/** What a contender's program is told by its first argument: the world, and the ffmpeg that makes videos of unusual size. */
export const programOptionsSchema = z.object({ world: worldSchema, ffmpeg: z.string() })
export type ProgramOptions = z.infer<typeof programOptionsSchema>
