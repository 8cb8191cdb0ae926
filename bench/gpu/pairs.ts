/**
 * A picture pair for each reference type of SDXL and each reference mode of WAN: the same job without its reference and with
 * it. For a person to look at: with real weights they show whether references are honoured; with random ones it is noise.
 * `node bench/gpu/pairs.ts --models /workspace/models --out pairs.png`
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { preprocessReference } from '../../assets/preprocess.ts'
import { runFfmpeg } from '../../assets/runFfmpeg.ts'
import { readOptions } from '../../dev/commandLine.ts'
import type { RenderJob } from '../../engines/protocol.ts'
import { referenceFit } from '../../jobs/referenceFit.ts'
import { type DrivenCard, startDrivenCard } from './drivenCard.ts'
import { parseOptions } from './options.ts'
import { openPlace, type Place } from './place.ts'
import { sdxlImages, type Workload, wanVideo, workloadFor } from './workload.ts'

type Reference = RenderJob['references'][number]

/** What a pair shows: for a video the frame in which its reference should be seen. */
interface Pair {
  what: string
  plain: RenderJob
  referring: RenderJob
  frame: (job: RenderJob) => number
}

const PICTURES = new URL('../../examples/pictures/', import.meta.url)
const CELL = { width: 256, height: 256 }
const STEPS = { sdxl: 25, wan: 25 }
const STRENGTH = 0.85

const USAGE = `npm run bench:pairs -- [options]
  --models DIR  where models are; tiny ones or, on a card, full-size ones of random weights are made where there are none
  --out FILE    (pairs.png)`

const { values } = readOptions(USAGE, {
  models: { type: 'string' },
  out: { type: 'string', default: 'pairs.png' },
})
const options = parseOptions(values.models === undefined ? [] : ['--models', values.models])
if (options === null) throw new Error('no options')
const place = await openPlace(options, line => console.error(line))
try {
  const workload = workloadFor(place.device, null)
  const card = await startDrivenCard(place, workload.jobLimitMs)
  try {
    const cells: Buffer[] = []
    for (const pair of await pairsOf(place, workload)) {
      console.error(pair.what)
      for (const { path } of pair.referring.references.slice(0, 1)) cells.push(await cell(path))
      for (const job of [pair.plain, pair.referring]) cells.push(await pictureOf(card, pair, job))
    }
    await sheet(cells, values.out)
    console.log(`${values.out}: of every three a reference, the job without it, and with it.`)
  } finally {
    await card.stop()
  }
} finally {
  await place.close()
}

async function pairsOf(place: Place, workload: Workload): Promise<Pair[]> {
  const image = sdxlImages(workload, 1, STEPS.sdxl)
  const video = wanVideo(workload, STEPS.wan)
  const refer = async (job: RenderJob, role: Reference['role'], name: string): Promise<Reference> => {
    const path = join(place.folder, `${job.family}-${role}-${name}`)
    const fit = referenceFit(job.family, role, false)
    const { width, height } = job
    const original = fileURLToPath(new URL(name, PICTURES))
    await preprocessReference(original, path, { width, height, fit, maxPixels: 50_000_000 })
    return { role, path }
  }
  const single = await refer(image, 'single', 'lighthouse.png')
  const guide = await refer(video, 'single', 'lighthouse.png')
  const start = await refer(video, 'start', 'lighthouse.png')
  const end = await refer(video, 'end', 'lighthouse-night.png')
  const modes = {
    single: { references: [guide], frame: ({ frames }: RenderJob) => Math.floor(frames / 2) },
    start: { references: [start], frame: () => 0 },
    end: { references: [end], frame: ({ frames }: RenderJob) => frames - 1 },
    both: { references: [start, end], frame: () => 0 },
  }
  const given = { referenceStrength: STRENGTH } as const
  return [
    ...(['style', 'composition', 'character', null] as const).map(type => ({
      what: `SDXL, ${type ?? 'image to image'}`,
      plain: image,
      referring: {
        ...image,
        ...given,
        referenceMode: 'single' as const,
        references: [single],
        referenceType: type,
      },
      frame: () => 0,
    })),
    ...(['single', 'start', 'end', 'both'] as const).map(mode => ({
      what: `WAN, ${mode}`,
      plain: video,
      referring: { ...video, ...given, referenceMode: mode, references: modes[mode].references },
      frame: modes[mode].frame,
    })),
  ]
}

async function pictureOf(card: DrivenCard, { frame }: Pair, job: RenderJob): Promise<Buffer> {
  const lane = job.family === 'sdxl' ? 'sdxl' : 'wan.video'
  const { id } = await card.render(lane, job)
  const folder = join(place.folder, id)
  if (job.frames === 1) return await cell(join(folder, '0.png'))
  const select = ['-vf', `select=eq(n\\,${frame(job)})`, '-frames:v', '1']
  const output = ['-f', 'image2pipe', '-c:v', 'png', '-']
  const { stdout } = await runFfmpeg(place.ffmpeg, ['-i', join(folder, '0.mp4'), ...select, ...output])
  return await cell(stdout)
}

function cell(picture: string | Buffer): Promise<Buffer> {
  return sharp(picture)
    .resize({ ...CELL, fit: 'contain' })
    .png()
    .toBuffer()
}

async function sheet(cells: readonly Buffer[], out: string): Promise<void> {
  const columns = 6
  const rows = Math.ceil(cells.length / columns)
  const size = { width: columns * CELL.width, height: rows * CELL.height, channels: 3, background: 'black' }
  await sharp({ create: { ...size, channels: 3 } })
    .composite(
      cells.map((input, index) => ({
        input,
        left: (index % columns) * CELL.width,
        top: Math.floor(index / columns) * CELL.height,
      })),
    )
    .toFile(out)
}
