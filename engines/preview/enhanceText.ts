import type { EnhanceJob } from '../protocol.ts'
import { pick, randomFrom } from './picture/random.ts'

const LONGEST_TEXT = 2_000

const LIGHT = [
  'soft window light with long shadows',
  'warm golden-hour light low on the horizon',
  'an overcast sky that lights everything evenly',
  'blue dusk with a few warm lamps',
  'clear morning light after rain',
] as const
const LENS = [
  'photographed on a 35 mm lens at eye level',
  'an 85 mm lens with a gently blurred background',
  'a wide 24 mm view with deep focus',
  'a medium-format frame with fine grain',
] as const
const DETAIL = [
  'natural textures and fine surface detail',
  'muted colours with one clear accent',
  'a calm composition with open space',
  'rich tones and soft contrast',
  'layered depth from foreground to distance',
] as const
const MOTION = [
  'a slow, steady push forward',
  'a gentle pan from left to right',
  'a still camera while the air and the light move',
  'a slow drift past the foreground',
] as const

/** The prompt with a photographer's details, always the same for the same job; 2,000 characters at most. */
export function enhancedText({ prompt, medium }: EnhanceJob): string {
  const random = randomFrom('enhance', medium, prompt)
  const details: string[] = [pick(random, LIGHT), pick(random, LENS), pick(random, DETAIL)]
  if (medium === 'video') details.push(pick(random, MOTION))
  const text = prompt.trim().replace(/[.,;\s]+$/, '')
  return details.reduce(
    (longer, detail) => (longer.length + detail.length + 2 <= LONGEST_TEXT ? `${longer}, ${detail}` : longer),
    firstCharacters(text, LONGEST_TEXT),
  )
}

/** At most `count` UTF-16 units, no character cut in two. */
function firstCharacters(text: string, count: number): string {
  const cut = text.slice(0, count)
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut
}
