import { fileURLToPath } from 'node:url'

/**
 * How a GPU worker starts the preview engine. `speed`: simulated seconds for each expected second of the card. `log`: a file
 * to append to what it does.
 */
export function previewCommand(options: { speed: number; ffmpeg: string; log?: string | null }) {
  const { speed, ffmpeg, log = null } = options
  return {
    command: process.execPath,
    args: [
      fileURLToPath(new URL('./main.ts', import.meta.url)),
      '--speed',
      String(speed),
      '--ffmpeg',
      ffmpeg,
      ...(log === null ? [] : ['--log', log]),
    ],
    env: {},
  }
}
