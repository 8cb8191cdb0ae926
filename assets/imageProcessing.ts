import sharp from 'sharp'

/**
 * Sets sharp up for the whole process; call it at start. One thread per picture, as libvips would take one per core,
 * beside the render's own encoding. No cache: it goes by file names, and a rendered file may be replaced by another.
 */
export function setUpImageProcessing(): void {
  sharp.concurrency(1)
  sharp.cache(false)
}
