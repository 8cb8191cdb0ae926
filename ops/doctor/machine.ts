import { type FoundCard, findCard } from '../../gpu/findCard.ts'
import type { Config } from '../../runtime/config.ts'

/** What the checks stand on. */
export interface Machine {
  config: Config
  /** Why there is nothing to see to about the card; null where the engine computes on one. */
  withoutCard: string | null
  /** The card that the configuration names, looked for once; null where none is needed. Throws what `findCard` throws. */
  card(): Promise<FoundCard | null>
}

export function createMachine(config: Config): Machine {
  const { kind, device } = config.engine
  const withoutCard =
    kind === 'preview'
      ? 'ENGINE=preview draws on the CPU'
      : device === 'cpu'
        ? 'ENGINE_DEVICE=cpu computes without a card'
        : null
  let looking: Promise<FoundCard> | null = null
  return {
    config,
    withoutCard,
    async card() {
      if (withoutCard !== null) return null
      looking ??= findCard(config.card)
      return looking
    },
  }
}
