import { expect, test } from 'vitest'
import { readHeartbeat } from './renderHeartbeat.ts'

const whole = {
  phase: 'rendering',
  step: 3,
  total: 25,
  held: true,
  kills: 1,
  home: { hostId: 'gpu-1', begun: true },
} as const

test('a heartbeat is read as it was sent', () => {
  expect(readHeartbeat(structuredClone(whole))).toEqual(whole)
  expect(readHeartbeat({ ...whole, home: null })).toEqual({ ...whole, home: null })
})

test('what a newer worker adds is passed over, and a phase that is not known is a render', () => {
  expect(readHeartbeat({ ...whole, phase: 'upscaling', more: 1 })).toEqual(whole)
})

test.each([
  undefined,
  null,
  'rendering',
  7,
  {},
  { held: true },
  { done: ['0.png'] },
  { ...whole, step: '3' },
])('%j is no heartbeat of a render', details => {
  expect(readHeartbeat(details)).toBeNull()
})

test.each([{}, { hostId: 7, begun: true }, 'gpu-1'])('%j is no home', home => {
  expect(readHeartbeat({ ...whole, home })?.home).toBeNull()
})
