import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createStrideTurnstile } from '../../gpu/strideTurnstile.ts'
import { LANES } from '../../jobs/jobTypes.ts'
import { createInferenceProgram, type InferenceProgramOptions } from '../inferenceProgram.ts'
import { previewCommand } from '../preview/command.ts'
import type { RenderJob } from '../protocol.ts'

const script = fileURLToPath(new URL('scriptedProgram.ts', import.meta.url))

/** Programs for one test: each is marked by its environment, so that whatever it leaves behind can be found. */
export function createProgramHarness(mark = `OURVIDZ_TEST_MARK=${randomUUID()}`) {
  const programs: ReturnType<typeof createInferenceProgram>[] = []

  return {
    mark,
    program(start = 'normal', options: Partial<InferenceProgramOptions> = {}) {
      const [name = '', value = ''] = mark.split('=')
      const program = createInferenceProgram({
        command: process.execPath,
        args: [script, start],
        env: { [name]: value },
        lanes: LANES,
        budgetMiB: null,
        createTurnstile: port => createStrideTurnstile(port),
        silenceMs: 20_000,
        startTimeoutMs: 20_000,
        cancelGraceMs: 300,
        killGraceMs: 300,
        respawn: { backoffMs: 20, backoffMaxMs: 50 },
        log: pino({ level: 'silent' }),
        ...options,
      })
      programs.push(program)
      return program
    },
    /** The preview engine in its place: it keeps a list of models. */
    preview(options: Partial<InferenceProgramOptions> = {}) {
      const { command, args } = previewCommand({ speed: 0, ffmpeg: 'ffmpeg' })
      return this.program('normal', { command, args, ...options })
    },
    /** Stops every program, and gives the pids of what is still there, children of the programs included. */
    async leftovers(): Promise<number[]> {
      await Promise.all(programs.map(program => program.stop(2_000)))
      return waitUntilGone(mark)
    },
    alive: () => markedProcesses(mark),
  }
}

/** A killed grandchild is reaped by the system a moment later. */
async function waitUntilGone(mark: string): Promise<number[]> {
  const until = performance.now() + 2_000
  while (markedProcesses(mark).length > 0 && performance.now() < until) {
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return markedProcesses(mark)
}

function markedProcesses(mark: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => environmentOf(pid).includes(mark))
    .map(Number)
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** A small render job whose `simulate` is a script of the scripted program. */
export function renderJob(simulate: string | null = null, more: Partial<RenderJob> = {}): RenderJob {
  return {
    kind: 'render',
    type: 'sdxl_image_fast',
    family: 'sdxl',
    model: 'lustify_sdxl',
    prompt: 'a red bicycle',
    negativePrompt: '',
    steps: 4,
    guidance: 6,
    solver: 'unipc',
    shift: 5,
    width: 64,
    height: 48,
    frames: 1,
    fps: 16,
    images: 1,
    seed: 7,
    referenceMode: 'none',
    references: [],
    referenceStrength: null,
    referenceType: null,
    expectedSeconds: 1,
    simulate,
    ...more,
  }
}
