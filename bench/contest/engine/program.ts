import { asEngineFailure } from '../../../engines/preview/failure.ts'
import { createTurn } from '../../../engines/preview/turn.ts'
import { type Command, type EngineEvent, PROTOCOL_VERSION } from '../../../engines/protocol.ts'
import type { Lane } from '../../../jobs/jobTypes.ts'
import type { CardConnection } from '../card/client.ts'
import type { FileMaker } from '../files.ts'
import { createGates } from './gates.ts'
import { type LaneParts, run } from './run.ts'
import { createShelf } from './shelf.ts'

export interface ProgramParts {
  scale: number
  card: CardConnection
  files: FileMaker
  send: (event: EngineEvent) => void
}

/** One program with all models, a lane for each kind of work: what the pipeline's Python program is, without its pixels. */
export function createProgram({ scale, card, files, send }: ProgramParts) {
  const lanes = new Map<Lane, LaneParts>()
  const cancels = new Map<string, AbortController>()
  const shelf = createShelf({ scale, send })

  async function generate(command: Extract<Command, { type: 'generate' }>): Promise<void> {
    const { id } = command
    const cancel = new AbortController()
    cancels.set(id, cancel)
    try {
      const lane = lanes.get(command.lane)
      if (lane === undefined) throw new Error(`lane ${command.lane} was not asked for`)
      send({ type: 'accepted', id })
      const done = await run({ command, lane, shelf, files, scale, send, signal: cancel.signal })
      cancels.delete(id)
      send(done)
    } catch (error) {
      cancels.delete(id)
      if (cancel.signal.aborted) return send({ type: 'cancelled', id })
      const { code, retryable, message } = asEngineFailure(error)
      console.error(error)
      send({ type: 'failed', id, code, retryable, message })
    }
  }

  return {
    greet() {
      send({
        ...{ type: 'hello', v: PROTOCOL_VERSION, pid: process.pid },
        ...{ device: 'simulated card', name: 'bench', version: '1' },
      })
    },
    handle(command: Command): void {
      switch (command.type) {
        case 'init':
          for (const lane of command.lanes) {
            lanes.set(lane, { turn: createTurn(lane, send), gates: createGates({ card, scale }) })
          }
          shelf.sayReady()
          return
        case 'generate':
          void generate(command)
          return
        case 'cancel':
          cancels.get(command.id)?.abort(new Error('cancelled'))
          return
        case 'grant':
          lanes.get(command.lane)?.turn.granted()
          return
        case 'yield':
          lanes.get(command.lane)?.turn.yieldAsked()
          lanes.get(command.lane)?.gates.yieldAsked()
          return
        case 'load':
          shelf.load(command.model)
          return
        case 'unload':
          shelf.unload(command.model)
          return
        case 'ping':
          send({ type: 'pong' })
          return
        case 'shutdown':
          process.exit(0)
      }
    },
  }
}
