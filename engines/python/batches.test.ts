import { expect, it } from 'vitest'
import { needsOf } from '../../gpu/memoryNeeds.ts'
import { runPython } from './testing/runPython.ts'

const DIVIDE = `
import json, sys
from ourvidz_engine.sdxl.batches import batches
print(json.dumps([len(batches(*given)[0]) for given in json.load(sys.stdin)]))`

const installed = { ipAdapter: true, wanByCommand: false }

/** What the worker sets aside for a job of SDXL. */
function roomFor(images: number, side: number): number {
  const job = { kind: 'render', family: 'sdxl', images, width: side, height: side, frames: 1 } as const
  return needsOf({ ...job, referenceMode: 'none', referenceType: null }, installed).workingMiB
}

it('draws a job at once in the room that the worker sets aside, and in less room fewer images at a time', async () => {
  const asked = [1, 3, 6].flatMap(images => {
    return [512, 1024, 1280, 1536].flatMap(side => {
      const room = roomFor(images, side)
      return [
        { given: [images, side, side, room], atOnce: images },
        { given: [images, side, side, null], atOnce: images },
        { given: [images, side, side, 0.6 * room], atOnce: Math.min(images, 3) },
        { given: [images, side, side, 0], atOnce: 1 },
      ]
    })
  })
  const drawn = await runPython(
    DIVIDE,
    asked.map(({ given }) => given),
  )
  expect(drawn).toEqual(asked.map(({ atOnce }) => atOnce))
}, 120_000)
