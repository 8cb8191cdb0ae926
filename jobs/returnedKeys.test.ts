import { expect, test } from 'vitest'
import { returnedKeys } from './returnedKeys.ts'

const none = { videoId: null, imageId: null, characterId: null, projectId: null }

test('keys that nobody reads and ids travel back, from all three levels', () => {
  const payload = {
    prompt: 'a lighthouse',
    image_id: 'i',
    plan: 'pro',
    config: { seed: 7, project_id: 'p' },
    metadata: { credits: 5 },
  }
  expect(returnedKeys(payload)).toEqual({
    ids: { ...none, imageId: 'i', projectId: 'p' },
    extra: { plan: 'pro', credits: 5 },
  })
})

test.each([undefined, null, 7, 'a lighthouse', [], [{ credits: 5 }]])('%j has none', payload => {
  expect(returnedKeys(payload)).toEqual({ ids: none, extra: {} })
})

test('a section that is none does not cost the others theirs', () => {
  expect(returnedKeys({ credits: 5, config: 'a lighthouse', metadata: null }).extra).toEqual({ credits: 5 })
})

test('an object that resists being read has none', () => {
  const resisting = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('no')
      },
    },
  )
  expect(returnedKeys(resisting)).toEqual({ ids: none, extra: {} })
})
