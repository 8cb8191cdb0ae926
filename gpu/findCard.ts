import { CardError } from './cardError.ts'
import { CARD_PROFILES, type CardChoice, type CardProfile, mismatch, profileOf } from './cardProfiles.ts'
import { listCards, type SeenCard } from './nvidiaSmi.ts'

export interface FoundCard {
  uuid: string
  name: string
  totalMiB: number
  /** In use before our program started: a display, somebody else's process. */
  usedMiB: number
  driverVersion: string
}

/** The one card that the configuration names. Throws a {@link CardError} that lists the cards found and says what to set. */
export async function findCard(choice: CardChoice): Promise<FoundCard> {
  const profile = profileOf(choice)
  const cards = await listCards(choice.nvidiaSmi)
  const fail = (problem: string, advice: string) =>
    new CardError([problem, ...listed(cards, profile), advice].join('\n'))

  if (profile === null) throw fail('CARD=own does not say which card.', ownAdvice(cards[0]))
  if (cards.length === 0)
    throw fail('The driver knows no card.', 'Is one built in, and given to this container?')

  const wanted = choice.uuid?.toLowerCase()
  const candidates = wanted === undefined ? cards : cards.filter(card => card.uuid.toLowerCase() === wanted)
  if (candidates.length === 0) {
    throw fail(`CARD_UUID=${choice.uuid} is not there.`, 'Set CARD_UUID to one of these, or leave it out.')
  }
  const [card, ...others] = candidates.filter(candidate => mismatch(candidate, profile) === null)
  if (card === undefined || card.totalMiB === null) {
    throw fail(
      `CARD=${choice.profile} wants ${profile.described}; it is not there.`,
      profileAdvice(candidates),
    )
  }
  if (others.length > 0) {
    throw fail(`${others.length + 1} cards match CARD=${choice.profile}.`, 'Set CARD_UUID to the one to use.')
  }
  const { uuid, name, totalMiB, usedMiB, driverVersion } = card
  return { uuid, name, totalMiB, usedMiB: usedMiB ?? 0, driverVersion }
}

function listed(cards: readonly SeenCard[], profile: CardProfile | null): string[] {
  if (cards.length === 0) return []
  const rows = cards.map(card => {
    const memory = card.totalMiB === null ? 'memory unknown' : `${card.totalMiB} MiB`
    const why = profile === null ? null : mismatch(card, profile)
    return `  ${card.uuid}  ${card.name}  ${memory}${why === null ? '' : `  (${why})`}`
  })
  return ['The cards of this machine:', ...rows]
}

/** The setting that would take one of these cards. */
function profileAdvice(cards: readonly SeenCard[]): string {
  for (const [name, profile] of Object.entries(CARD_PROFILES)) {
    if (cards.some(card => mismatch(card, profile) === null)) return `Set CARD=${name} to use such a card.`
  }
  if (cards.every(card => card.sliced)) return 'Switch MIG off to use such a card.'
  return ownAdvice(cards.find(card => !card.sliced))
}

function ownAdvice(card: SeenCard | undefined): string {
  const name = card?.name ?? 'its exact name'
  return `Set CARD=own, CARD_NAME="${name}" and CARD_MEMORY_MIB=${card?.totalMiB ?? 'its memory'} to use such a card.`
}
