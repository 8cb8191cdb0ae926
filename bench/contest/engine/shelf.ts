import type { EngineEvent } from '../../../engines/protocol.ts'
import { isModelId } from '../../../gpu/models.ts'
import { loadSeconds } from '../costs.ts'
import { pass } from '../pause.ts'

/** The models on the card. The parent says what to load and unload, and they are moved one after the other. */
export function createShelf(options: { scale: number; send: (event: EngineEvent) => void }) {
  const { scale, send } = options
  const loaded = new Set<string>()
  let moving: Promise<unknown> = Promise.resolve()

  const sayReady = () => send({ type: 'ready', models: [...loaded], memory: null })

  async function load(model: string): Promise<void> {
    if (loaded.has(model)) return
    send({ type: 'loading', model })
    if (isModelId(model)) await pass(loadSeconds([model]), scale)
    loaded.add(model)
  }

  return {
    sayReady,
    load(model: string) {
      moving = moving.then(() => load(model)).then(sayReady)
    },
    unload(model: string) {
      moving = moving.then(() => loaded.delete(model)).then(sayReady)
    },
    /** Dropped by a job that needs it no more. */
    drop: (model: string) => void loaded.delete(model),
    /** Settles when all that was asked for until now is done. */
    settled: () => moving,
  }
}
export type Shelf = ReturnType<typeof createShelf>
