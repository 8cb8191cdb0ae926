import { join } from 'node:path'
import sharp, { type OverlayOptions } from 'sharp'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { runFfmpeg } from '../assets/runFfmpeg.ts'
import type { JobView } from '../client/index.ts'
import { textPath } from '../engines/preview/picture/text.ts'

export interface ContactSheetOptions {
  jobs: readonly JobView[]
  /** Folder of the directory store. */
  storeDir: string
  /** The PNG to write. */
  sheet: string
  /** An `ffmpeg` to use instead of the one that is found. */
  ffmpeg: string | null
}

interface Tile {
  picture: Buffer
  width: number
  title: string
  subtitle: string
}

const SHEET_WIDTH = 1880
const TILE_HEIGHT = 300
const LABEL_HEIGHT = 52
const GAP = 20

/** One picture of everything that jobs made, with labels; of a video its first, middle and last frame. False when there is nothing. */
export async function writeContactSheet(options: ContactSheetOptions): Promise<boolean> {
  const ffmpeg = await findFfmpeg(options.ffmpeg)
  const tiles: Tile[] = []
  for (const job of options.jobs) tiles.push(...(await tilesOf(job, options.storeDir, ffmpeg)))
  if (tiles.length === 0) return false
  const rows = inRows(tiles)
  const height = GAP + rows.length * (TILE_HEIGHT + LABEL_HEIGHT + GAP)
  const placed = rows.flatMap((row, index) => place(row, GAP + index * (TILE_HEIGHT + LABEL_HEIGHT + GAP)))
  const labels = placed.map(({ tile, left, top }) => labelOf(tile, left, top + TILE_HEIGHT))
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${SHEET_WIDTH}" height="${height}">${labels.join('')}</svg>`
  const overlays: OverlayOptions[] = placed.map(({ tile, left, top }) => ({ input: tile.picture, left, top }))
  await sharp({ create: { width: SHEET_WIDTH, height, channels: 3, background: '#16181d' } })
    .composite([...overlays, { input: Buffer.from(text), left: 0, top: 0 }])
    .png({ palette: true, quality: 90 })
    .toFile(options.sheet)
  return true
}

async function tilesOf(job: JobView, storeDir: string, ffmpeg: string): Promise<Tile[]> {
  const { outcome } = job
  if (outcome?.status !== 'completed' || outcome.bucket === null) return []
  const bucket = outcome.bucket
  return Promise.all(
    job.assets.map(async ({ path, index }): Promise<Tile> => {
      const made = outcome.receipt?.files.find(file => file.index === index)
      const frames = made?.frames ?? 1
      const file = join(storeDir, bucket, path)
      const { data, info } = await sharp(frames > 1 ? await threeFrames(file, frames, ffmpeg) : file)
        .resize({ height: TILE_HEIGHT })
        .png()
        .toBuffer({ resolveWithObject: true })
      const count = job.assets.length > 1 ? ` ${index + 1}/${job.assets.length}` : ''
      const mode = job.referenceMode === 'none' ? 'no reference' : `reference: ${job.referenceMode}`
      return {
        picture: data,
        width: info.width,
        title: `${job.type}${count}`,
        subtitle: [mode, `${made?.width}×${made?.height}`, ...(frames > 1 ? [`${frames} frames`] : [])].join(
          ' · ',
        ),
      }
    }),
  )
}

/** First, middle and last frame side by side, as PNG. */
async function threeFrames(file: string, frames: number, ffmpeg: string): Promise<Buffer> {
  const wanted = [0, Math.floor(frames / 2), frames - 1].map(frame => `eq(n\\,${frame})`).join('+')
  const filter = `select=${wanted},tile=3x1:padding=8:color=0x16181d`
  const output = ['-vsync', '0', '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png', '-']
  const { stdout, complaint } = await runFfmpeg(ffmpeg, ['-i', file, '-vf', filter, ...output])
  if (stdout.length === 0) throw new Error(`no frames in ${file}: ${complaint}`)
  return stdout
}

/** Fills rows from the left; what would not fit begins the next. */
function inRows(tiles: readonly Tile[]): Tile[][] {
  const rows: Tile[][] = []
  let room = 0
  for (const tile of tiles) {
    const row = rows.at(-1)
    if (row === undefined || room < tile.width) {
      rows.push([tile])
      room = SHEET_WIDTH - 2 * GAP - tile.width - GAP
    } else {
      row.push(tile)
      room -= tile.width + GAP
    }
  }
  return rows
}

function place(row: readonly Tile[], top: number): { tile: Tile; left: number; top: number }[] {
  let left = GAP
  return row.map(tile => {
    const placed = { tile, left, top }
    left += tile.width + GAP
    return placed
  })
}

function labelOf({ title, subtitle, width }: Tile, left: number, top: number): string {
  const first = textPath(title, left, top + 23, { sizePx: 18, weight: 600 }, width)
  const second = textPath(subtitle, left, top + 43, { sizePx: 15, weight: 400 }, width)
  return `<path fill="#fff" d="${first}"/><path fill="#a9b0bd" d="${second}"/>`
}
