import { fileURLToPath } from 'node:url'
import { findFfmpeg } from '../../../assets/ffmpeg.ts'
import { type BareParent, type BareParentOptions, startWithBareParent } from '../../testing/bareParent.ts'

const FFMPEG = await findFfmpeg()
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

export type PreviewClient = BareParent

/** Starts the real preview program with a bare parent. */
export function startPreview(
  options: Omit<BareParentOptions, 'command' | 'args'> & { args?: string[] } = {},
): PreviewClient {
  return startWithBareParent({
    ...options,
    command: process.execPath,
    args: [MAIN, '--ffmpeg', FFMPEG, ...(options.args ?? [])],
  })
}
