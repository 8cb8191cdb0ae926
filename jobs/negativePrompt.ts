/** The earlier system's lists, word for word; they say what a picture must not show. */
const CRITICAL = [
  'bad anatomy',
  'extra limbs',
  'deformed',
  'missing limbs',
  'worst quality',
  'low quality',
  'normal quality',
  'lowres',
]
const ANATOMICAL = [
  'deformed hands',
  'extra fingers',
  'deformed face',
  'malformed',
  'bad hands',
  'bad fingers',
  'missing fingers',
  'distorted features',
]
const ARTIFACTS = ['text', 'watermark', 'logo', 'signature']
const STYLES = ['anime', 'cartoon', 'graphic']
const MINORS = ['child', 'minor']
const MIXED_GROUP = ['three girls', 'all girls', 'only girls', 'no male', 'missing male', 'disembodied penis']
const FEMALE_GROUP = ['three girls', 'all girls', 'only girls', 'wrong number of people']
const POSITIONS = [
  'wrong position',
  'incorrect pose',
  'impossible position',
  'unnatural pose',
  'penis in wrong place',
]
const BODIES = ['deformed breasts', 'extra breasts', 'anatomical errors', 'wrong anatomy']

/**
 * The earlier system's negative prompt for SDXL. Words are looked for as parts of words, as the earlier system does it: "woman" has a "man"
 * in it, so a prompt with several women counts as a mixed group.
 */
export function sdxlNegativePrompt(prompt: string): string {
  const lower = prompt.toLowerCase()
  const mentions = (...words: string[]) => words.some(word => lower.includes(word))
  const several = mentions('two', 'both', 'sisters', 'girls')
  const females = mentions('girl', 'woman', 'sister', 'female')
  const males = mentions('guy', 'man', 'male', 'boy')
  return [
    ...CRITICAL,
    ...ANATOMICAL,
    ...ARTIFACTS,
    ...STYLES,
    ...MINORS,
    ...(several && females ? (males ? MIXED_GROUP : FEMALE_GROUP) : []),
    ...(mentions('sex', 'oral', 'doggy', 'sucking') ? POSITIONS : []),
    ...(mentions('naked', 'nude', 'sex', 'topless') ? BODIES : []),
  ].join(', ')
}
