import type { Canvas, Rect } from './canvas.ts'
import { mix, type Palette } from './palette.ts'
import { between, randomFrom } from './random.ts'
import { createRidge, type PaintRidge } from './ridges.ts'
import { createSky } from './sky.ts'

export interface LandscapeOptions {
  width: number
  height: number
  /** The part of the picture that no legend covers. */
  stage: Rect
  palette: Palette
  prompt: string
  negativePrompt: string
  seed: number
  /** More steps draw finer detail. */
  steps: number
}

/** Paints the whole canvas at time 0 to 1. */
export type PaintLandscape = (canvas: Canvas, time: number) => void

/**
 * Ridges under a wide sky, over a lake for some prompts. The prompt chooses what kind of place it is, the seed (and the
 * negative prompt) its shapes; the same options give the same pixels.
 */
export function createLandscape(options: LandscapeOptions): PaintLandscape {
  const { width, height, stage, palette, prompt } = options
  const place = randomFrom('place', prompt)
  const shapes = randomFrom('shapes', prompt, options.negativePrompt, options.seed)
  const stageBottom = stage.top + stage.height
  const horizon = Math.round(stageBottom * between(place, 0.6, 0.74))
  const lake = place() < 0.55
  const jagged = place() < 0.6
  const octaves = Math.max(2, Math.min(7, Math.round(Math.log2(options.steps)) + 1))
  const distant = Math.round(between(place, 2, 4.4))
  const clouds = place()

  const paintSky = createSky({ width, stage, horizon, palette, random: shapes, clouds })
  const hazeColour = mix(palette.sky[3], palette.far, 0.45)
  const far: PaintRidge[] = Array.from({ length: distant }, (_, index) => {
    const nearness = (index + 1) / (distant + 1)
    return createRidge({
      crest: horizon - stageBottom * between(shapes, 0.34, 0.42) * (1 - nearness * 0.6),
      // Without a lake, the last one reaches down behind the trees.
      foot: lake ? horizon : index < distant - 1 ? Math.round(horizon + stageBottom * 0.06) : height,
      haze: horizon + stageBottom * 0.05,
      colour: mix(palette.far, palette.near, nearness * 0.75),
      hazeColour,
      peaks: between(shapes, 2.2, 3.4) + index,
      octaves,
      jagged,
      pan: width * 0.05 * (index + 1),
      trees: null,
      random: shapes,
    })
  })
  const shore = lake ? stageBottom * 0.9 : horizon + (stageBottom - horizon) * 0.14
  const near = [0, 1].slice(lake ? 1 : 0).map(index =>
    createRidge({
      crest: shore + (stageBottom - shore) * (lake ? 0 : index * 0.5) - stageBottom * 0.06,
      foot: height,
      haze: shore + (stageBottom - shore) * (index + 1) * 0.5 + stageBottom * 0.03,
      colour: mix(palette.far, palette.near, 0.8 + index * 0.2),
      hazeColour: palette.near,
      peaks: between(shapes, 1.2, 2),
      octaves: Math.min(octaves, 4),
      jagged: false,
      pan: width * (0.2 + 0.14 * index),
      trees: { heightPx: stageBottom * (0.05 + 0.05 * index), density: between(shapes, 0.55, 0.95) },
      random: shapes,
    }),
  )
  return (canvas, time) => {
    paintSky(canvas, time)
    for (const paint of far) paint(canvas, time)
    if (lake) reflect(canvas, horizon, palette, time)
    for (const paint of near) paint(canvas, time)
  }
}

/** Still water below the horizon: the rows above it, mirrored, rippled and a little darker. */
function reflect(canvas: Canvas, horizon: number, palette: Palette, time: number): void {
  const { width, height, pixels } = canvas
  const water = palette.near
  for (let y = horizon; y < height; y++) {
    const depth = (y - horizon) / (height - horizon)
    const mirrored = Math.max(0, Math.round(horizon - 1 - (y - horizon) * 1.15))
    const ripple =
      Math.sin(y * 0.9 + time * 40) * (0.4 + depth * 5) + Math.sin(y * 0.23 - time * 25) * depth * 7
    const dark = 0.14 + depth * 0.5 + 0.05 * Math.sin(y * 0.55 + time * 30)
    const shift = Math.round(ripple)
    let out = y * width * 3
    for (let x = 0; x < width; x++) {
      const column = Math.min(width - 1, Math.max(0, x + shift))
      let from = (mirrored * width + column) * 3
      for (let channel = 0; channel < 3; channel++) {
        const light = pixels[from++] ?? 0
        pixels[out++] = light + ((water[channel] ?? 0) - light) * dark
      }
    }
  }
}
