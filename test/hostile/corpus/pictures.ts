import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { crc32, createDeflate } from 'node:zlib'
import sharp from 'sharp'
import type { FailureCode } from '../../../jobs/failures.ts'

/** A file that somebody names as a reference picture. */
export interface HostilePicture {
  name: string
  /** `listening`: `host:port` of a server that nobody may ask, for a file that names one. */
  bytes: (listening: string) => Buffer | Promise<Buffer>
  /** How fetching and preparing it may end. */
  ends: readonly ('completed' | FailureCode)[]
}

const NOT_IMAGE = ['reference_not_image'] as const
const DAMAGED = ['reference_corrupt', 'reference_not_image'] as const
const TOO_LARGE = ['reference_too_large'] as const

type Format = 'png' | 'jpeg' | 'webp' | 'gif' | 'avif' | 'tiff'

/** A small good picture: the ground of the damaged ones. */
export function goodPicture(format: Format): Promise<Buffer> {
  const pixels = Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, n) => (n * n) % 251))
  return sharp(pixels, { raw: { width: 64, height: 48, channels: 3 } })
    .toFormat(format)
    .toBuffer()
}

const FORMATS: readonly Format[] = ['png', 'jpeg', 'webp', 'gif', 'avif']

const cut = (format: Format, part: number) => async () => {
  const whole = await goodPicture(format)
  return whole.subarray(0, Math.floor(whole.length * part))
}

export const HOSTILE_PICTURES: readonly HostilePicture[] = [
  ...FORMATS.map(format => ({
    name: `${format}, good`,
    bytes: () => goodPicture(format),
    ends: ['completed'] as const,
  })),
  ...FORMATS.flatMap(format =>
    [0.9, 0.5, 0.1].map(part => ({
      name: `${format}, cut to ${part}`,
      bytes: cut(format, part),
      ends: DAMAGED,
    })),
  ),
  { name: 'tiff', bytes: () => goodPicture('tiff'), ends: NOT_IMAGE },
  { name: 'nothing', bytes: () => Buffer.alloc(0), ends: NOT_IMAGE },
  { name: 'one byte', bytes: () => Buffer.from('x'), ends: NOT_IMAGE },
  {
    name: 'a page',
    bytes: () => Buffer.from('<!doctype html><img src=x onerror=alert(1)>'),
    ends: NOT_IMAGE,
  },
  { name: 'SVG with an external entity', bytes: host => Buffer.from(svg(host)), ends: NOT_IMAGE },
  {
    name: 'SVG behind a byte order mark',
    bytes: host => Buffer.from(`\ufeff\n  ${svg(host)}`),
    ends: NOT_IMAGE,
  },
  {
    name: 'PDF',
    bytes: () => Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n'),
    ends: NOT_IMAGE,
  },
  {
    name: 'PostScript',
    bytes: () => Buffer.from('%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n'),
    ends: NOT_IMAGE,
  },
  {
    name: 'a list of files for a player',
    bytes: () => Buffer.from('#EXTM3U\nfile:///etc/passwd\n'),
    ends: NOT_IMAGE,
  },
  {
    name: 'a drawing command',
    bytes: () => Buffer.from('push graphic-context\nfill "url(file:///etc/passwd)"\n'),
    ends: NOT_IMAGE,
  },
  {
    name: 'GIF that is a script too',
    bytes: () => Buffer.from('GIF89a/*\u0000*/=1;alert(1)//'),
    ends: DAMAGED,
  },
  {
    name: 'PNG with a ZIP behind it',
    bytes: async () => Buffer.concat([await goodPicture('png'), Buffer.from('PK\u0003\u0004 and more')]),
    ends: ['completed'],
  },
  {
    name: 'PNG that says 50,001 × 1,000',
    bytes: () => png({ width: 50_001, height: 1_000 }),
    ends: TOO_LARGE,
  },
  {
    name: 'PNG that says 2³¹ − 1 squared',
    bytes: () => png({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }),
    ends: ['reference_too_large', 'reference_corrupt'],
  },
  { name: 'PNG of no width', bytes: () => png({ width: 0, height: 10 }), ends: DAMAGED },
  {
    name: 'PNG whose pixels never come',
    bytes: () => png({ width: 7_000, height: 7_000, rows: 0 }),
    ends: DAMAGED,
  },
  {
    name: 'PNG of 49 megapixels in 50 kB',
    bytes: () => png({ width: 7_000, height: 7_000 }),
    ends: ['completed'],
  },
  {
    name: 'PNG with more pixels than it says',
    bytes: () => png({ width: 8, height: 8, rows: 20_000 }),
    ends: ['completed', ...DAMAGED],
  },
  {
    name: 'PNG with a text of 200 MB',
    bytes: () => png({ width: 8, height: 8, extra: bomb('zTXt', 'c\u0000\u0000') }),
    ends: ['completed', ...DAMAGED],
  },
  {
    name: 'PNG with a colour profile of 200 MB',
    bytes: () => png({ width: 8, height: 8, extra: bomb('iCCP', 'c\u0000\u0000') }),
    ends: ['completed', ...DAMAGED],
  },
  {
    name: 'PNG with a wrong checksum',
    bytes: async () => flipped(await goodPicture('png'), 60),
    ends: DAMAGED,
  },
  {
    name: 'PNG of 30,000 × 1',
    bytes: () => png({ width: 30_000, height: 1 }),
    ends: ['completed', 'reference_too_large', 'reference_corrupt'],
  },
  {
    name: 'PNG of 1 × 30,000',
    bytes: () => png({ width: 1, height: 30_000 }),
    ends: ['completed', 'reference_too_large', 'reference_corrupt'],
  },
  { name: 'PNG of 1 × 1', bytes: () => png({ width: 1, height: 1 }), ends: ['completed'] },
  {
    name: 'JPEG that says 65,500 squared',
    bytes: async () => enlarged(await goodPicture('jpeg')),
    ends: [...TOO_LARGE, ...DAMAGED],
  },
  {
    name: 'JPEG with an orientation',
    bytes: async () =>
      sharp(await goodPicture('jpeg'))
        .withMetadata({ orientation: 6 })
        .toBuffer(),
    ends: ['completed'],
  },
  {
    name: 'JPEG in CMYK',
    bytes: async () =>
      sharp(await goodPicture('jpeg'))
        .toColourspace('cmyk')
        .jpeg()
        .toBuffer(),
    ends: ['completed'],
  },
  {
    name: 'PNG in 16 bits with alpha',
    bytes: async () =>
      sharp(await goodPicture('png'))
        .ensureAlpha(0.5)
        .toColourspace('rgb16')
        .png()
        .toBuffer(),
    ends: ['completed'],
  },
  { name: 'WebP that moves', bytes: moving, ends: ['completed'] },
  {
    name: 'GIF without an end',
    bytes: async () =>
      Buffer.concat([(await goodPicture('gif')).subarray(0, -1), Buffer.alloc(1_000_000, 0x21)]),
    ends: ['completed', ...DAMAGED],
  },
  {
    name: 'ASF, whose reader could loop',
    bytes: () => Buffer.concat([Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), Buffer.alloc(5_000)]),
    ends: NOT_IMAGE,
  },
  {
    name: 'ZIP of a document',
    bytes: () =>
      Buffer.concat([
        Buffer.from('504b0304140000000800', 'hex'),
        Buffer.alloc(16),
        Buffer.from('ffffffffffffffff', 'hex'),
        Buffer.from('[Content_Types].xml'),
      ]),
    ends: NOT_IMAGE,
  },
]

/** `host`: named by a picture in it, and by an entity; another names a file. */
function svg(host: string): string {
  const entities = `<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y SYSTEM "http://${host}/y">`
  const text = '<text>&x;&y;</text>'
  return `<?xml version="1.0"?><!DOCTYPE svg [${entities}]>
<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">${text}<image href="http://${host}/"/></svg>`
}

/** A grey PNG made by hand: `rows` of it are there, whatever the header says. */
async function png(options: {
  width: number
  height: number
  rows?: number
  extra?: Promise<Buffer>
}): Promise<Buffer> {
  const { width, height, rows = height, extra } = options
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  const pixels = await packedNoughts(Math.min((1 + width) * rows, 60_000_000))
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    (await extra) ?? Buffer.alloc(0),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

/** 200 MB of noughts, packed. */
async function bomb(type: string, head: string): Promise<Buffer> {
  return chunk(type, Buffer.concat([Buffer.from(head, 'latin1'), await packedNoughts(200_000_000)]))
}

/** Never whole in memory, so that a test of memory sees only what reading it takes. */
async function packedNoughts(bytes: number): Promise<Buffer> {
  const piece = Buffer.alloc(1_000_000)
  function* pieces() {
    for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, left)
  }
  return await buffer(Readable.from(pieces()).pipe(createDeflate()))
}

function flipped(bytes: Buffer, at: number): Buffer {
  const damaged = Buffer.from(bytes)
  damaged[at] = (damaged[at] ?? 0) ^ 0xff
  return damaged
}

/** The frame header of a JPEG with another size. */
function enlarged(jpeg: Buffer): Buffer {
  const at = jpeg.indexOf(Buffer.from('ffc0', 'hex'))
  const changed = Buffer.from(jpeg)
  changed.writeUInt16BE(65_500, at + 5)
  changed.writeUInt16BE(65_500, at + 7)
  return changed
}

async function moving(): Promise<Buffer> {
  const frames = Buffer.alloc(16 * 16 * 3 * 40, 90)
  return sharp(frames, { raw: { width: 16, height: 16 * 40, channels: 3, pageHeight: 16 } })
    .webp({ loop: 0 })
    .toBuffer()
}
