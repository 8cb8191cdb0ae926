import type { SeenCard } from './nvidiaSmi.ts'

/** What the configuration says of the card: section `card` of runtime/config.ts. */
export interface CardChoice {
  profile: 'rtx-6000-ada' | '24gb' | '80gb' | 'own'
  uuid: string | null
  name: string | null
  memoryMiB: number | null
  nvidiaSmi: string
}

export interface CardProfile {
  /** Exact; null for any. */
  name: string | null
  smallestMiB: number
  largestMiB: number
  /** For messages. */
  described: string
}

/** Drivers differ by some MiB in what they set aside. */
const TOLERANCE = 0.03

/**
 * Sizes as `nvidia-smi` lists them. 48 GB: 49,140 MiB, 46,068 with ECC on. 24 GB: RTX 4090 24,564, RTX 3090 24,576, L4 and A10 some
 * 23,030 for their ECC. 80 GB: A100 81,920, H100 81,559 or 81,079.
 */
export const CARD_PROFILES: Record<Exclude<CardChoice['profile'], 'own'>, CardProfile> = {
  'rtx-6000-ada': {
    name: 'NVIDIA RTX 6000 Ada Generation',
    smallestMiB: 46_000,
    largestMiB: 49_200,
    described: '"NVIDIA RTX 6000 Ada Generation" with 49140 MiB, or 46068 with ECC on',
  },
  '24gb': {
    name: null,
    smallestMiB: 22 * 1024,
    largestMiB: 25 * 1024,
    described: 'any card with 22 to 25 GiB',
  },
  '80gb': {
    name: null,
    smallestMiB: 78 * 1024,
    largestMiB: 82 * 1024,
    described: 'any card with 78 to 82 GiB',
  },
}

/** The profile that is chosen; null when `own` does not say which card. */
export function profileOf({ profile, name, memoryMiB }: CardChoice): CardProfile | null {
  if (profile !== 'own') return CARD_PROFILES[profile]
  if (name === null || memoryMiB === null) return null
  return {
    name,
    smallestMiB: memoryMiB * (1 - TOLERANCE),
    largestMiB: memoryMiB * (1 + TOLERANCE),
    described: `"${name}" with ${memoryMiB} MiB, 3 % more or less`,
  }
}

/** Why a card is not of a profile; null if it is. */
export function mismatch(card: SeenCard, profile: CardProfile): string | null {
  const { name, totalMiB, sliced } = card
  if (profile.name !== null && name !== profile.name) return 'another card'
  if (sliced) return 'cut into slices (MIG)'
  if (totalMiB === null) return 'does not tell its memory'
  const fits = totalMiB >= profile.smallestMiB && totalMiB <= profile.largestMiB
  return fits ? null : 'another size of memory'
}
