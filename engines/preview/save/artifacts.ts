import { basename, join } from 'node:path'
import type { RenderJob } from '../../protocol.ts'
import type { Canvas } from '../picture/canvas.ts'
import type { Task } from '../task.ts'
import { saveFile } from './file.ts'
import { writeMp4 } from './mp4.ts'
import { writePng } from './png.ts'

/** Writes `0.png`, `1.png`, … or `0.mp4` into the job's folder, and tells of each. `damage` cuts the first one in half. */
export async function saveArtifacts(
  task: Pick<Task<RenderJob>, 'id' | 'job' | 'signal' | 'send' | 'onSaved' | 'ffmpeg'> & {
    outDir: string
    canvases: readonly Canvas[]
    damage: boolean
  },
): Promise<void> {
  const { id, job, outDir, canvases, damage, signal, send, onSaved, ffmpeg } = task
  const { width, height, frames, seed } = job
  const tell = (path: string, sha256: string, index: number) =>
    send({ type: 'artifact', id, path, sha256, seed: seed + index, width, height, frames })

  if (frames > 1) {
    const path = join(outDir, '0.mp4')
    const write = (temporary: string) =>
      writeMp4({ frames: canvases, fps: job.fps, path: temporary, ffmpeg, signal })
    const sha256 = await saveFile(path, write, damage)
    onSaved(basename(path))
    tell(path, sha256, 0)
    return
  }
  const saving = await Promise.allSettled(
    canvases.map(async (canvas, index) => {
      const path = join(outDir, `${index}.png`)
      const write = (temporary: string) => writePng(canvas, temporary, signal)
      const sha256 = await saveFile(path, write, damage && index === 0)
      onSaved(basename(path))
      return { path, sha256 }
    }),
  )
  // A failure waits for the others: once the job has ended, nothing more is written.
  for (const saved of saving) if (saved.status === 'rejected') throw saved.reason
  for (const [index, saved] of saving.entries()) {
    if (saved.status === 'fulfilled') tell(saved.value.path, saved.value.sha256, index)
  }
}
