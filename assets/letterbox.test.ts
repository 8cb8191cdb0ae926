import { expect, test } from 'vitest'
import { containSize, outsideSize, thumbnailSize } from './letterbox.ts'

const portrait = { width: 480, height: 832 }

/** Sizes that PIL's `Image.thumbnail` gives, by its own rule. */
test.each([
  [1024, 1024, 480, 480],
  [300, 200, 300, 200],
  [480, 832, 480, 832],
  [480, 833, 479, 832],
  [2000, 1000, 480, 240],
  [1000, 2000, 416, 832],
  [4000, 3, 480, 1],
  [3, 4000, 1, 832],
  [999, 777, 480, 373],
  [1080, 1920, 468, 832],
])('%i×%i becomes %i×%i within 480×832', (width, height, toWidth, toHeight) => {
  expect(thumbnailSize({ width, height }, portrait)).toEqual({ width: toWidth, height: toHeight })
})

test.each([
  [240, 240, 480, 480],
  [1024, 1024, 480, 480],
  [48, 83, 480, 830],
  [1, 4000, 1, 832],
  [480, 832, 480, 832],
])('%i×%i contained in 480×832 is %i×%i', (width, height, toWidth, toHeight) => {
  expect(containSize({ width, height }, portrait)).toEqual({ width: toWidth, height: toHeight })
})

test.each([
  [240, 240, portrait, 832, 832],
  [1920, 1080, portrait, 1479, 832],
  [480, 832, portrait, 480, 832],
  [1920, 1080, { width: 512, height: 1536 }, 2731, 1536],
  [1080, 1920, { width: 1536, height: 512 }, 1536, 2731],
  [1, 4000, portrait, 480, 3328],
  [4000, 1, portrait, 3328, 832],
])('%i×%i around %o is %i×%i', (width, height, box, toWidth, toHeight) => {
  expect(outsideSize({ width, height }, box)).toEqual({ width: toWidth, height: toHeight })
})
