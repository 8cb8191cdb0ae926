export interface Size {
  width: number
  height: number
}

/**
 * The size that PIL's `Image.thumbnail` gives: within `box`, same aspect, never larger than the picture. Its rounding
 * too: of the two whole numbers around the exact one, that which keeps the aspect best.
 */
export function thumbnailSize(image: Size, box: Size): Size {
  if (box.width >= image.width && box.height >= image.height) return image
  const aspect = image.width / image.height
  if (box.width / box.height >= aspect) {
    const width = closest(box.height * aspect, n => Math.abs(aspect - n / box.height))
    return { width, height: box.height }
  }
  const height = closest(box.width / aspect, n => (n === 0 ? 0 : Math.abs(aspect - box.width / n)))
  return { width: box.width, height }
}

/** The size that fills `box` in one direction, enlarging if need be, as WAN VACE's own program fits its references. */
export function containSize(image: Size, box: Size): Size {
  const scale = Math.min(box.width / image.width, box.height / image.height)
  return {
    width: Math.min(box.width, Math.max(1, Math.floor(image.width * scale + 1e-9))),
    height: Math.min(box.height, Math.max(1, Math.floor(image.height * scale + 1e-9))),
  }
}

/** Of a strip so much is left, in lengths of the box: all of a phone's portrait for the widest landscape, and some ten megapixels at most. */
const STRIP = 4

/** The smallest size that covers `box` with the whole picture; of a strip, as much of it as is {@link STRIP} boxes long. */
export function outsideSize(image: Size, box: Size): Size {
  const scale = Math.max(box.width / image.width, box.height / image.height)
  const most = STRIP * Math.max(box.width, box.height)
  const covering = (length: number, least: number) =>
    Math.min(most, Math.max(least, Math.round(length * scale)))
  return { width: covering(image.width, box.width), height: covering(image.height, box.height) }
}

/** Python's `max(min(floor(n), ceil(n), key=error), 1)`: the smaller one on a tie. */
function closest(number: number, error: (candidate: number) => number): number {
  const [low, high] = [Math.floor(number), Math.ceil(number)]
  return Math.max(error(high) < error(low) ? high : low, 1)
}
