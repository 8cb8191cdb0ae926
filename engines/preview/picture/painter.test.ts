import { expect, test } from 'vitest'
import type { RenderJob } from '../../protocol.ts'
import { imageJob, videoJob } from '../testing/exampleJobs.ts'
import { createCanvas } from './canvas.ts'
import { createLegend } from './legend.ts'
import { createPainter } from './painter.ts'
import type { Reference } from './reference.ts'

const small = { ...videoJob, width: 96, height: 128, frames: 9 }

function reference(role: Reference['role'], tone: number): Reference {
  const picture = createCanvas(small.width, small.height)
  for (let i = 0; i < picture.pixels.length; i++) picture.pixels[i] = (tone + i * 7) % 256
  return { role, picture, colours: [[tone, tone, tone]] }
}

test('a start and an end frame are the references, to the byte, and no other frame is', async () => {
  const references = [reference('start', 3), reference('end', 90)]
  const paint = await createPainter({ ...small, referenceMode: 'both', referenceStrength: 1 }, 1, references)
  const [start, end] = references.map(({ picture }) => Buffer.from(picture.pixels))
  for (let frame = 0; frame < small.frames; frame++) {
    const pixels = Buffer.from(paint(frame).pixels)
    expect(pixels.equals(start ?? pixels), `start, frame ${frame}`).toBe(frame === 0)
    expect(pixels.equals(end ?? pixels), `end, frame ${frame}`).toBe(frame === small.frames - 1)
  }
})

test('a frame is the same in whatever order frames are painted', async () => {
  const [one, two] = [await createPainter(small, 1, []), await createPainter(small, 1, [])]
  for (let frame = 0; frame < 4; frame++) one(frame)
  expect(Buffer.from(one(4).pixels).equals(Buffer.from(two(4).pixels))).toBe(true)
})

test('the legend leaves a third of the picture free at the sizes that jobs have', () => {
  const words = 'a long prompt about a lighthouse on a rocky coast '.repeat(20)
  const sizes = [
    [512, 512],
    [1024, 1024],
    [1536, 1536],
    [512, 1536],
    [1536, 512],
    [480, 832],
    [832, 480],
  ] as const
  for (const [width, height] of sizes) {
    const job: RenderJob = { ...imageJob, width, height, prompt: words, negativePrompt: words }
    const { stage } = createLegend(job, 2 ** 52)
    expect((stage.width * stage.height) / (width * height), `${width}x${height}`).toBeGreaterThan(0.34)
  }
})
