import { setTimeout as sleep } from 'node:timers/promises'
import { anyWorker, downWith, type FaultKind } from './kind.ts'

/** Orderly restarts, as a deployment does them: with patience, and without. */
export const RESTARTS: readonly FaultKind[] = [
  {
    name: 'restart-patient',
    weight: 5,
    async act(stage) {
      const worker = anyWorker(stage)
      const asked = worker.keeper.signal('SIGTERM')
      await worker.keeper.gone()
      return { target: worker.keeper.name, down: downWith(worker), hit: asked, detail: 'SIGTERM' }
    },
  },
  {
    name: 'restart-impatient',
    weight: 5,
    async act(stage) {
      const worker = anyWorker(stage)
      const asked = worker.keeper.signal('SIGTERM')
      const patienceMs = stage.random.int(20, 800)
      await sleep(patienceMs)
      worker.keeper.signal('SIGKILL')
      await worker.keeper.gone()
      const detail = `SIGTERM, and SIGKILL after ${patienceMs} ms`
      return { target: worker.keeper.name, down: downWith(worker), hit: asked, detail }
    },
  },
]
