import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { ReferenceRole } from '../../../jobs/plan.ts'
import type { RenderJob } from '../../protocol.ts'
import { EngineFailure } from '../failure.ts'
import type { Canvas } from './canvas.ts'
import type { Rgb } from './palette.ts'

export interface Reference {
  role: ReferenceRole
  /** At the job's size. */
  picture: Canvas
  /** Average colours of its rows, from the top down. */
  colours: Rgb[]
}

const ROLES: Record<RenderJob['referenceMode'], readonly ReferenceRole[]> = {
  none: [],
  single: ['single'],
  start: ['start'],
  end: ['end'],
  both: ['start', 'end'],
}

/**
 * Reads the job's references. A frame of a video must have exactly the job's size, for it is shown as it is; a guiding
 * picture is cropped to it. Throws `EngineFailure`: `invalid_input`, or `internal` where a file is gone.
 */
export async function readReferences(job: RenderJob): Promise<Reference[]> {
  const missing = ROLES[job.referenceMode].filter(role => !job.references.some(other => other.role === role))
  if (missing.length > 0) throw new EngineFailure('invalid_input', `no ${missing.join(' and ')} reference`)
  return await Promise.all(
    job.references.map(async ({ role, path }) => {
      const file = await readFile(path).catch((error: unknown) => {
        throw new EngineFailure('internal', `the ${role} reference cannot be read`, { cause: error })
      })
      const asFrame = role !== 'single' && job.frames > 1
      const { data, info } = await decode(file, job, asFrame).catch((error: unknown) => {
        throw new EngineFailure('invalid_input', `the ${role} reference is no picture`, { cause: error })
      })
      if (info.width !== job.width || info.height !== job.height) {
        const size = `${info.width}x${info.height}, not ${job.width}x${job.height}`
        throw new EngineFailure('invalid_input', `the ${role} reference is ${size}`)
      }
      const picture = { width: info.width, height: info.height, pixels: new Uint8Array(data) }
      return { role, picture, colours: await rowColours(picture) }
    }),
  )
}

async function decode(file: Buffer, job: RenderJob, asFrame: boolean) {
  const image = sharp(file)
  const sized = asFrame ? image : image.resize(job.width, job.height, { fit: 'cover' })
  return await sized.flatten().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
}

async function rowColours({ pixels, width, height }: Canvas): Promise<Rgb[]> {
  const raw = { width, height, channels: 3 } as const
  const rows = await sharp(pixels, { raw }).resize(1, 8, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer()
  return Array.from({ length: 8 }, (_, row) => [
    rows[row * 3] ?? 0,
    rows[row * 3 + 1] ?? 0,
    rows[row * 3 + 2] ?? 0,
  ])
}
