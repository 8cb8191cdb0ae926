import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import { LANE_MODES, type LaneMode } from '../jobs/cardStatus.ts'
import { LANES, type Lane } from '../jobs/jobTypes.ts'

/** What an operator has decided of the lanes. It outlives this process, so that a pause is over only when somebody says so. */
export interface LaneModes {
  get(lane: Lane): LaneMode
  /** Takes effect once it is on disk. Rejects, and changes nothing, when it cannot be kept. */
  set(lanes: readonly Lane[], mode: LaneMode): Promise<void>
  /** Hears of each lane whose mode is now another. */
  onChange(listener: (lane: Lane, mode: LaneMode) => void): void
  /** Resolves when the lane may take new jobs, at once if it may. Rejects with the signal's reason. */
  opened(lane: Lane, signal: AbortSignal): Promise<void>
}

const keptModes = z.partialRecord(z.enum(LANES), z.enum(LANE_MODES))
type KeptModes = z.infer<typeof keptModes>

/** Opens what is kept in `file`. A lane that nobody decided about is open; so are all when the file is damaged, which is logged. */
export async function openLaneModes(options: {
  file: string
  /** Writes a record so that it is as it was or whole, also after a power cut. */
  write: (file: string, record: unknown) => Promise<void>
  log: Pick<Logger, 'info' | 'error'>
}): Promise<LaneModes> {
  const { file, write, log } = options
  let modes = await readModes(file, log)
  let writing: Promise<unknown> = Promise.resolve()
  const listeners = new Set<(lane: Lane, mode: LaneMode) => void>()

  const get = (lane: Lane) => modes[lane] ?? 'open'

  async function change(lanes: readonly Lane[], mode: LaneMode): Promise<void> {
    const changed = lanes.filter(lane => get(lane) !== mode)
    if (changed.length === 0) return
    const next = { ...modes, ...Object.fromEntries(changed.map(lane => [lane, mode])) }
    await mkdir(dirname(file), { recursive: true })
    await write(file, next)
    modes = next
    log.info({ lanes: changed, mode }, 'the mode of lanes was changed')
    for (const lane of changed) for (const listener of [...listeners]) listener(lane, mode)
  }

  return {
    get,
    set(lanes, mode) {
      const done = writing.then(() => change(lanes, mode))
      writing = done.catch(() => {})
      return done
    },
    onChange: listener => void listeners.add(listener),
    opened(lane, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const listener = () => {
        if (get(lane) === 'open') resolve()
      }
      const onAbort = () => reject(signal.reason)
      listeners.add(listener)
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      listener()
      return promise.finally(() => {
        listeners.delete(listener)
        signal.removeEventListener('abort', onAbort)
      })
    },
  }
}

async function readModes(file: string, log: Pick<Logger, 'error'>): Promise<KeptModes> {
  try {
    return keptModes.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return {}
    if (!(err instanceof SyntaxError || err instanceof z.ZodError)) throw err
    log.error({ err, file }, 'the modes of the lanes cannot be read, so all lanes are open')
    return {}
  }
}
