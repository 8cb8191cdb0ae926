import { rasterise } from './sprite.ts'
import { textPath } from './text.ts'

/** Reads the fonts and starts the rasteriser, so that the first job is as quick as the second. */
export async function warmUp(): Promise<void> {
  const rect = { left: 0, top: 0, width: 16, height: 16 }
  const path =
    textPath('a', 0, 12, { sizePx: 12, weight: 400 }) + textPath('a', 0, 12, { sizePx: 12, weight: 600 })
  await rasterise(`<path d="${path}"/>`, rect)
}
