import { fileURLToPath } from 'node:url'

/** How a GPU worker starts the preview engine. `speed`: simulated seconds for each expected second of the card. */
export function previewCommand({ speed, ffmpeg }: { speed: number; ffmpeg: string }) {
  return {
    command: process.execPath,
    args: [
      fileURLToPath(new URL('./main.ts', import.meta.url)),
      '--speed',
      String(speed),
      '--ffmpeg',
      ffmpeg,
    ],
    env: {},
  }
}
