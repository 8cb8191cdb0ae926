import { describe, expect, it } from 'vitest'
import { sdxlNegativePrompt } from './negativePrompt.ts'

/** What the earlier system's own function gives for a prompt that triggers no rule. */
const ALWAYS =
  'bad anatomy, extra limbs, deformed, missing limbs, worst quality, low quality, normal quality, lowres, ' +
  'deformed hands, extra fingers, deformed face, malformed, bad hands, bad fingers, missing fingers, distorted features, ' +
  'text, watermark, logo, signature, anime, cartoon, graphic, child, minor'
const FEMALE = 'three girls, all girls, only girls, wrong number of people'
const MIXED_BEGINS = 'three girls, all girls, only girls, no male, missing male, '
const POSITIONS_BEGIN = 'wrong position, incorrect pose, impossible position, unnatural pose, '

const added = (prompt: string) => sdxlNegativePrompt(prompt).slice(ALWAYS.length)
const terms = (prompt: string) => sdxlNegativePrompt(prompt).split(', ').length - ALWAYS.split(', ').length

describe('the earlier system’s rules', () => {
  it.each(['a lighthouse', '', 'a girl on a red bicycle', 'two lighthouses', 'a man and a dog'])(
    '%j adds nothing',
    prompt => {
      expect(sdxlNegativePrompt(prompt)).toBe(ALWAYS)
    },
  )

  it.each(['Two girls on red bicycles', 'both sisters at a lighthouse'])('%j is a female group', prompt => {
    expect(added(prompt)).toBe(`, ${FEMALE}`)
  })

  it.each(['two girls and a guy', 'girls and boys', 'both, a woman on a bicycle', 'two female sailors'])(
    '%j is a mixed group',
    prompt => {
      expect(added(prompt)).toContain(`, ${MIXED_BEGINS}`)
      expect(terms(prompt)).toBe(6)
    },
  )

  it.each(['oral history of a lighthouse', 'a doggy', 'a bee sucking nectar'])(
    '%j asks for right positions',
    prompt => {
      expect(added(prompt)).toContain(`, ${POSITIONS_BEGIN}`)
      expect(terms(prompt)).toBe(5)
    },
  )

  it.each(['the naked eye', 'Nude colours', 'topless bus'])('%j asks for right bodies', prompt => {
    expect(added(prompt)).toBe(', deformed breasts, extra breasts, anatomical errors, wrong anatomy')
  })

  it('one word may trigger several, in the earlier system’s order', () => {
    expect(terms('a sextant')).toBe(9)
    expect(added('two sisters with a sextant')).toMatch(
      new RegExp(`^, ${FEMALE}, ${POSITIONS_BEGIN}.*, wrong anatomy$`),
    )
  })
})
