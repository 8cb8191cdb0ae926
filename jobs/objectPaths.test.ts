import { expect, it } from 'vitest'
import { allObjectPaths, assetPath, thumbnailPath } from './objectPaths.ts'
import { referenceFit } from './referenceFit.ts'

it('names every object of a job, without anything that changes between attempts', () => {
  const job = { userId: 'u', jobId: 'j', extension: 'png', images: 3 } as const
  expect(assetPath(job, 2)).toBe('u/j/2.png')
  expect(thumbnailPath(job, 2)).toBe('u/j/2.thumb.webp')
  expect(allObjectPaths(job)).toEqual(
    [0, 1, 2].flatMap(index => [`u/j/${index}.png`, `u/j/${index}.thumb.webp`]),
  )
  expect(assetPath({ ...job, extension: 'mp4' }, 0)).toBe('u/j/0.mp4')
})

it.each([
  ['wan', 'start', false, 'cover'],
  ['wan', 'end', false, 'cover'],
  ['wan', 'single', false, 'letterbox-white'],
  ['sdxl', 'single', false, 'outside'],
  ['wan', 'start', true, 'letterbox-black'],
  ['sdxl', 'single', true, 'letterbox-black'],
] as const)('%s %s, letterbox %s: %s', (family, role, letterbox, fit) => {
  expect(referenceFit(family, role, letterbox)).toBe(fit)
})
