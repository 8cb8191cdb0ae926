import { writeFile } from 'node:fs/promises'
import type { Sharp } from 'sharp'
import type { ReferenceFit } from '../jobs/referenceFit.ts'
import { diskFull } from './atomicFile.ts'
import { inspectReference, openReference, referenceFailure } from './decodeReference.ts'
import { containSize, outsideSize, type Size, thumbnailSize } from './letterbox.ts'

const BLACK = { r: 0, g: 0, b: 0 }
const WHITE = { r: 255, g: 255, b: 255 }

export interface PreprocessOptions extends Size {
  fit: ReferenceFit
  maxPixels: number
}

/**
 * Makes of a downloaded reference the PNG that the engine gets: upright, sRGB, 8 bit RGB, `width`×`height`,
 * no metadata; the same bytes for the same input. `cover` crops at the centre; `outside` is larger where its shape is another,
 * and the engine's to crop; `letterbox-black` is the earlier system's, shrunk to fit but never enlarged; `letterbox-white` fits
 * as VACE's own program does, also by enlarging. Transparency shows the letterbox's colour, else black. Gives its size.
 */
export async function preprocessReference(
  file: string,
  output: string,
  { fit, maxPixels, ...box }: PreprocessOptions,
): Promise<Size> {
  const image = await inspectReference(file, { maxPixels })
  const background = fit === 'letterbox-white' ? WHITE : BLACK
  const flat = openReference(file, { maxPixels }).flatten({ background })
  const size = fit === 'outside' ? outsideSize(image, box) : box
  const fitted =
    fit === 'cover' || fit === 'outside'
      ? flat.resize({ ...size, fit: 'cover', kernel: 'lanczos3' })
      : letterboxed(
          flat,
          fit === 'letterbox-white' ? containSize(image, box) : thumbnailSize(image, box),
          box,
          background,
        )
  const png = fitted.toColourspace('srgb').png({ compressionLevel: 6, palette: false })
  const bytes = await png.toBuffer().catch(error => {
    throw referenceFailure(error)
  })
  await writeFile(output, bytes).catch(error => {
    throw diskFull(error, output)
  })
  return size
}

function letterboxed(image: Sharp, size: Size, box: Size, background: typeof BLACK): Sharp {
  const left = Math.floor((box.width - size.width) / 2)
  const top = Math.floor((box.height - size.height) / 2)
  return image.resize({ ...size, fit: 'fill', kernel: 'lanczos3' }).extend({
    left,
    top,
    right: box.width - size.width - left,
    bottom: box.height - size.height - top,
    background,
  })
}
