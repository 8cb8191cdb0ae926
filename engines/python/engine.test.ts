import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type EngineHarness, openEngine } from './testing/engineHarness.ts'
import { enhancerCases } from './testing/enhancerCases.ts'
import { programCases } from './testing/programCases.ts'
import { sdxlCases } from './testing/sdxlCases.ts'
import { wanCases } from './testing/wanCases.ts'

/** One program for all of them, as it takes long to start: each file of cases gets it by a function, once it is there. */
let engine: EngineHarness

beforeAll(async () => {
  engine = await openEngine()
}, 300_000)

afterAll(async () => {
  await engine.close()
  const { stderr } = await engine.program.exited
  // Its log is an operator's, and its last lines go into failures: no prompt may be in it.
  for (const words of ['lighthouse', 'bicycle', 'paper boat']) expect(stderr).not.toContain(words)
})

describe('the program', () => programCases(() => engine))
describe('SDXL', () => sdxlCases(() => engine))
describe('WAN', () => wanCases(() => engine))
describe('the enhancer', () => enhancerCases(() => engine))
