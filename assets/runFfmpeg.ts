import { execa } from 'execa'
import { inheriting } from '../jobs/inheriting.ts'

const LIMIT_MS = 120_000

export interface FfmpegResult {
  stdout: Buffer
  /** The last of what it complained about; empty when all was well. */
  complaint: string
  ok: boolean
}

/** Runs ffmpeg to its end, without a shell, reading nothing from stdin. Rejects only when it cannot be run or is aborted. */
export async function runFfmpeg(ffmpeg: string, args: string[], signal?: AbortSignal): Promise<FfmpegResult> {
  const result = await execa(ffmpeg, ['-nostdin', '-hide_banner', '-v', 'error', ...args], {
    ...inheriting(),
    encoding: 'buffer',
    stdin: 'ignore',
    reject: false,
    timeout: LIMIT_MS,
    forceKillAfterDelay: 2000,
    maxBuffer: 64 * 2 ** 20,
    ...(signal ? { cancelSignal: signal } : {}),
  })
  signal?.throwIfAborted()
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new Error(`ffmpeg could not be run: ${result.shortMessage ?? ffmpeg}`, { cause: result })
  }
  const complaint = Buffer.from(result.stderr).toString('utf8').trim().slice(-500)
  return { stdout: Buffer.from(result.stdout), complaint, ok: result.exitCode === 0 }
}
