import { attemptMarks } from './attemptMarks.ts'
import type { Channel } from './channel.ts'
import { EngineFailure } from './failure.ts'
import { MOMENTS, type Moment, parseWish, SIMULATIONS, type Simulation } from './simulate.ts'

/** Acts out the failure that a job has asked for, when its moment has come. */
export interface Actor {
  /**
   * Throws, exits or hangs where that is the wish; otherwise says what its caller has to act out (`no_file`,
   * `truncated`, `slow`), or null.
   */
  at(moment: Moment): Promise<Simulation | null>
  succeeded(): void
}

const NOISE =
  'WARNING: some library found something worth telling, at length, to nobody in particular {"type":"noise'

/** Throws `invalid_input` for a failure that it does not know. */
export function createActor(options: {
  id: string
  simulate: string | null
  outDir: string | null
  channel: Channel
}): Actor {
  const { id, simulate, outDir, channel } = options
  if (simulate === null) return { at: async () => null, succeeded: () => undefined }
  const wish = parseWish(simulate)
  if (wish === undefined) {
    const known = Object.keys(SIMULATIONS).join(', ')
    throw new EngineFailure(
      'invalid_input',
      `no such failure to simulate; known: ${known}, each also with :once, :twice or :thrice`,
    )
  }
  const { simulation, times } = wish
  const marks = times === null ? null : attemptMarks(id, simulation, outDir, times)
  let acted = false
  return {
    async at(moment) {
      if (MOMENTS[simulation] !== moment) return null
      if (marks !== null && !marks.claim()) return null
      acted = true
      await act(simulation, channel)
      return simulation
    },
    succeeded() {
      // A file that is cut in half ends `done` here, and comes back as the next attempt.
      if (!acted) marks?.clear()
    },
  }
}

async function act(simulation: Simulation, channel: Channel): Promise<void> {
  switch (simulation) {
    case 'oom':
    case 'cuda_error':
    case 'invalid_input':
    case 'model_missing':
    case 'internal':
    case 'disk_full':
      throw new EngineFailure(simulation, `simulated: ${SIMULATIONS[simulation]}`)
    case 'crash':
      console.error('simulated: crash')
      return process.exit(1)
    case 'exit_0':
      console.error('simulated: exit_0')
      return process.exit(0)
    case 'kill':
      process.kill(process.pid, 'SIGKILL')
      return await forever()
    case 'hang':
      channel.fallSilent()
      return await forever()
    case 'flood':
      for (let line = 0; line < 5_000; line++) {
        channel.noise(`${NOISE} ${line}\n`)
        console.error(`${NOISE} ${line}`)
      }
      return
    case 'no_file':
    case 'truncated':
    case 'slow':
      return
  }
}

async function forever(): Promise<never> {
  return await new Promise<never>(() => undefined)
}
