import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { runPython } from './testing/runPython.ts'

const BUILD = `
import json, sys
from pathlib import Path
from PIL import Image
from ourvidz_engine.jobs import parse_job
from ourvidz_engine.wan.conditions import conditioning_scale, conditions

folder = Path(json.load(sys.stdin))
colours = {"start": (200, 0, 0), "end": (0, 200, 0), "single": (0, 0, 200)}
for role, colour in colours.items():
    Image.new("RGB", (32, 16), colour).save(folder / f"{role}.png")
base = dict(kind="render", type="video_fast", family="wan", model="wan_2_1_1_3b", prompt="a pier", negativePrompt="", steps=2,
    guidance=6.5, solver="unipc", shift=5.0, width=32, height=16, frames=5, fps=16, images=1, seed=1, referenceStrength=0.85,
    referenceType=None)

def built(mode, *roles):
    references = [{"role": role, "path": str(folder / f"{role}.png")} for role in roles]
    given = conditions(parse_job({**base, "referenceMode": mode, "references": references}))
    one = lambda picture: [*picture.size, picture.mode, picture.getpixel((5, 5))]
    return {name: [one(picture) for picture in pictures] for name, pictures in given.items()}

print(json.dumps({
    "start": built("start", "start"), "end": built("end", "end"), "both": built("both", "start", "end"),
    "single": built("single", "single"), "scales": [conditioning_scale(each) for each in (0.0, 0.5, 1.0)],
}))`

it('each mode puts its pictures where VACE keeps them, and asks for all else', async () => {
  const [red, green, blue, grey] = [
    [200, 0, 0],
    [0, 200, 0],
    [0, 0, 200],
    [128, 128, 128],
  ].map(colour => [32, 16, 'RGB', colour])
  const [keep, make] = [0, 255].map(level => [32, 16, 'L', level])
  expect(await runPython(BUILD, await temporaryDirectory())).toEqual({
    start: { video: [red, grey, grey, grey, grey], mask: [keep, make, make, make, make] },
    end: { video: [grey, grey, grey, grey, green], mask: [make, make, make, make, keep] },
    both: { video: [red, grey, grey, grey, green], mask: [keep, make, make, make, keep] },
    single: { reference_images: [blue] },
    scales: [0.3, expect.closeTo(0.65, 10), 1],
  })
}, 120_000)
