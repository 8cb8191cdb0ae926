import { fileTypeFromFile } from 'file-type'
import sharp, { type Sharp } from 'sharp'
import { JobFailure } from '../jobs/failures.ts'

/** By their first bytes, whatever their name or the server says. No SVG or PDF: they are programs, not pictures. */
const READABLE = new Set(['image/png', 'image/apng', 'image/jpeg', 'image/webp', 'image/avif', 'image/gif'])
/** A picture within the pixel limit decodes in seconds; one that is built to take longer does not get the time. */
const DECODE_LIMIT_SECONDS = 60

export interface ReferenceImage {
  /** As it is seen: after its EXIF orientation. */
  width: number
  height: number
}

/**
 * Reads what a downloaded reference is. Throws `reference_not_image`, `reference_too_large` (pixels) or
 * `reference_corrupt`; damage beyond the header shows only when {@link openReference}'s pixels are read.
 */
export async function inspectReference(file: string, limits: { maxPixels: number }): Promise<ReferenceImage> {
  const type = await fileTypeFromFile(file)
  if (type === undefined || !READABLE.has(type.mime)) {
    throw new JobFailure('reference_not_image', `the file is ${type?.mime ?? 'of no known type'}`)
  }
  try {
    const { autoOrient } = await openReference(file, limits).metadata()
    return autoOrient
  } catch (error) {
    throw referenceFailure(error)
  }
}

/** The picture, upright, of an animation its first frame. Truncated or damaged data is an error, never a grey rest. */
export function openReference(file: string, { maxPixels }: { maxPixels: number }): Sharp {
  const options = { failOn: 'error', limitInputPixels: maxPixels, pages: 1 } as const
  return sharp(file, options).autoOrient().timeout({ seconds: DECODE_LIMIT_SECONDS })
}

/** What an error of libvips means for the reference. */
export function referenceFailure(error: unknown): JobFailure {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 300)
  const tooLarge = /exceeds pixel limit|^timeout:/.test(message)
  return new JobFailure(tooLarge ? 'reference_too_large' : 'reference_corrupt', message, { cause: error })
}
