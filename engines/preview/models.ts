import type { EngineEvent } from '../protocol.ts'

/** What this program pretends to have in memory. */
export interface Models {
  list(): string[]
  /** Says `loading` for a model that is not there yet. */
  load(model: string): void
  unload(model: string): void
}

export function createModels(send: (event: EngineEvent) => void): Models {
  const loaded = new Set<string>()
  return {
    list: () => [...loaded],
    load(model) {
      if (loaded.has(model)) return
      send({ type: 'loading', model })
      loaded.add(model)
    },
    unload: model => void loaded.delete(model),
  }
}
