import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const entrySchema = z.object({
  pid: z.int(),
  event: z.string(),
  id: z.string().optional(),
  kind: z.enum(['render', 'enhance']).optional(),
})
export type Drawn = z.infer<typeof entrySchema>

/** What preview engines wrote down in the file that PREVIEW_LOG names, in order. */
export async function readDrawn(file: string): Promise<Drawn[]> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1)
  return lines.map(line => entrySchema.parse(JSON.parse(line)))
}

/** Each life of the program in which a job had the card: what was done from then to its end. */
export function livesWith(drawn: readonly Drawn[], jobId: string): Drawn[][] {
  return [...Map.groupBy(drawn, ({ pid }) => pid).values()].flatMap(life => {
    const from = life.findIndex(({ event, id }) => event === 'granted' && id === jobId)
    return from === -1 ? [] : [life.slice(from)]
  })
}

/** Who had the card in a part of it, each turn once. */
export function grantedIn(part: readonly Drawn[]): string[] {
  return part.flatMap(({ event, id }) => (event === 'granted' && id !== undefined ? [id] : []))
}
