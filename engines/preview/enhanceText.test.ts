import { expect, test } from 'vitest'
import { enhancedText } from './enhanceText.ts'
import { enhanceJob } from './testing/exampleJobs.ts'

test('keeps the prompt and adds details that vary with it', () => {
  const boat = enhancedText(enhanceJob)
  expect(boat.startsWith('a paper boat, ')).toBe(true)
  expect(enhancedText(enhanceJob)).toBe(boat)
  const texts = ['an old library', 'a fox', 'a bowl of oranges', 'a garden'].map(prompt =>
    enhancedText({ ...enhanceJob, prompt }).slice(prompt.length),
  )
  expect(new Set(texts).size).toBeGreaterThan(1)
})

test('stays within 2,000 characters and cuts none in two', () => {
  const text = enhancedText({ ...enhanceJob, prompt: `a${'🚲'.repeat(1_500)}` })
  expect(text.length).toBeLessThanOrEqual(2_000)
  expect(text.isWellFormed()).toBe(true)
  expect(enhancedText({ ...enhanceJob, prompt: 'w'.repeat(1_990) }).length).toBeLessThanOrEqual(2_000)
})
