import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { createInferenceProgram } from '../engines/inferenceProgram.ts'
import { previewCommand } from '../engines/preview/command.ts'
import type { EnhanceJob, RenderJob } from '../engines/protocol.ts'
import { createStrideTurnstile } from '../gpu/strideTurnstile.ts'
import type { TurnPort, Turnstile } from '../gpu/turnstile.ts'
import { LANES, type Lane } from '../jobs/jobTypes.ts'

const IMAGE_LANES = ['sdxl', 'wan.image'] as const

export interface BenchCard {
  /** Renders one job; times are in ms from the call. `onReleased` is called the moment it has given the card back for good. */
  run(
    lane: Lane,
    job: RenderJob | EnhanceJob,
    onReleased?: () => void,
  ): Promise<{ releasedMs: number; doneMs: number }>
  heldMs(): Record<Lane, number>
  /** From the request to the grant, of each lane that cut in. */
  cutInsMs: number[]
  stop(): Promise<void>
}

/** The preview engine behind the real driver and the real turnstile, whose durations are shortened like the engine's. */
export async function startBenchCard({
  speed,
  turns,
}: {
  speed: number
  turns: 'block' | 'job'
}): Promise<BenchCard> {
  const folder = await mkdtemp(join(tmpdir(), 'ourvidz-turns-'))
  const cutInsMs: number[] = []
  /** Jobs of each lane that have not given the card back for good, first come first. */
  const unreleased = new Map<Lane, (() => void)[]>(LANES.map(lane => [lane, []]))
  const turnstiles: Turnstile[] = []

  function createTurnstile(port: TurnPort): Turnstile {
    const observer = { onCutIn: (_: Lane, tookMs: number) => void cutInsMs.push(tookMs) }
    const inner = createStrideTurnstile(port, { turns, timeScale: speed, observer })
    turnstiles.push(inner)

    /** Taken per job, an image in line must not lose the card to a whole video because its wish comes a moment later. */
    function holdBackVideos(): void {
      const inLine = IMAGE_LANES.some(lane => (unreleased.get(lane) ?? []).length > 0)
      inner[inLine ? 'pause' : 'resume']('wan.video')
    }

    return {
      ...inner,
      released(lane, heldMs) {
        unreleased.get(lane)?.shift()?.()
        if (turns === 'job') holdBackVideos()
        inner.released(lane, heldMs)
      },
    }
  }

  const program = createInferenceProgram({
    ...previewCommand({ speed, ffmpeg: await findFfmpeg() }),
    lanes: LANES,
    budgetMiB: null,
    createTurnstile,
    silenceMs: 120_000,
    startTimeoutMs: 60_000,
    log: pino({ level: 'silent' }),
  })
  await program.start()

  return {
    cutInsMs,
    async run(lane, job, onReleased) {
      const id = randomUUID()
      const outDir = join(folder, id)
      const submittedMs = performance.now()
      let releasedMs = Number.NaN
      unreleased.get(lane)?.push(() => {
        releasedMs = performance.now() - submittedMs
        onReleased?.()
      })
      await mkdir(outDir)
      await program.run({ id, lane, job, outDir, cardSecondsLimit: 3_600 })
      const doneMs = performance.now() - submittedMs
      await rm(outDir, { recursive: true })
      return { releasedMs, doneMs }
    },
    heldMs() {
      const [turnstile] = turnstiles
      if (turnstile === undefined) throw new Error('the program has no turnstile')
      return turnstile.snapshot().heldMs
    },
    async stop() {
      await program.stop(2_000)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
