import { expect, it } from 'vitest'
import { needsOf } from '../../gpu/memoryNeeds.ts'
import { runPython } from './testing/runPython.ts'

const DIVIDE = `
import json, sys
from ourvidz_engine.sdxl.batches import batches
print(json.dumps([len(batches(*given)[0]) for given in json.load(sys.stdin)]))`

/** A job of SDXL in parts of every size, the largest first, and what the worker sets aside for each. */
function ways(images: number, side: number) {
  const job = { kind: 'render', family: 'sdxl', images, width: side, height: side, frames: 1 } as const
  const given = { ...job, referenceMode: 'none', referenceType: null } as const
  const { inParts = [], ...whole } = needsOf(given, { ipAdapter: true, wanByCommand: false })
  return [whole, ...inParts].map(({ kindKey, workingMiB }) => {
    return { atOnce: Number(/(\d+)x\d+x\d+$/.exec(kindKey)?.[1]), workingMiB }
  })
}

it('in the room that the worker sets aside the program draws as many at once as it was set aside for', async () => {
  const asked = [1, 3, 6].flatMap(images => {
    return [512, 1024, 1280, 1536].flatMap(side => {
      const all = ways(images, side)
      return all.flatMap(({ atOnce, workingMiB }, i) => [
        { given: [images, side, side, workingMiB + 1], atOnce },
        // A little less is too little, except for one image, of which there is no smaller part.
        { given: [images, side, side, workingMiB - 2], atOnce: all[i + 1]?.atOnce ?? 1 },
      ])
    })
  })
  const drawn = await runPython(
    DIVIDE,
    asked.map(({ given }) => given),
  )
  expect(drawn).toEqual(asked.map(({ atOnce }) => atOnce))
}, 120_000)
