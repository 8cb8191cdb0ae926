import { InvalidField } from './invalidField.ts'
import type { Family } from './jobTypes.ts'
import { asNumber, invalid } from './parameters.ts'
import type { Payload } from './payload.ts'
import { firstGiven, type Given, placesIn, SPELLINGS } from './spellings.ts'

export interface Size {
  width: number
  height: number
}

/** The sizes that WAN 1.3B was trained for. SDXL takes them too: the earlier system's own SDXL payload asks for one of them. */
const WAN_SIZES: readonly Size[] = [
  { width: 480, height: 832 },
  { width: 832, height: 480 },
]
const SDXL = { smallest: 512, largest: 1536, multiple: 8, usual: 1024 }

const ALLOWED: Record<Family, string> = {
  sdxl: `sides of ${SDXL.smallest} to ${SDXL.largest} pixels in multiples of ${SDXL.multiple}, or 480*832, 832*480`,
  wan: '480*832 or 832*480',
}

/** Width and height in pixels: `size` as `"W*H"`, else `width` and `height`; config before metadata. Throws {@link InvalidField}. */
export function planSize(payload: Payload, family: Family): Size {
  for (const section of ['config', 'metadata'] as const) {
    const size = firstGiven(payload, placesIn(section, SPELLINGS.size))
    if (size !== null) return checked(parseSize(size.value), size, family)
    const width = firstGiven(payload, placesIn(section, SPELLINGS.width))
    const height = firstGiven(payload, placesIn(section, SPELLINGS.height))
    if (width === null && height === null) continue
    if (width === null) throw new InvalidField(`${section}.width`, 'nothing', 'a number beside the height')
    if (height === null) throw new InvalidField(`${section}.height`, 'nothing', 'a number beside the width')
    const pair = { width: asNumber(width.value), height: asNumber(height.value) }
    return checked(pair, mayBeSide(pair.width, family) ? height : width, family)
  }
  return family === 'sdxl' ? { width: SDXL.usual, height: SDXL.usual } : { width: 480, height: 832 }
}

function parseSize(value: unknown): Size | null {
  const match = typeof value === 'string' ? /^\s*(\d{1,5})\s*[*x×]\s*(\d{1,5})\s*$/i.exec(value) : null
  return match && { width: Number(match[1]), height: Number(match[2]) }
}

function checked(size: Size | null, given: Given, family: Family): Size {
  const fits =
    size !== null && (isWanSize(size) || (family === 'sdxl' && sideFits(size.width) && sideFits(size.height)))
  if (!fits) throw invalid(given, ALLOWED[family])
  return size
}

const isWanSize = (size: Size) =>
  WAN_SIZES.some(one => one.width === size.width && one.height === size.height)

function mayBeSide(pixels: number, family: Family): boolean {
  return WAN_SIZES.some(size => size.width === pixels) || (family === 'sdxl' && sideFits(pixels))
}

function sideFits(pixels: number): boolean {
  return pixels >= SDXL.smallest && pixels <= SDXL.largest && pixels % SDXL.multiple === 0
}
