import { afterAll, beforeAll, describe } from 'vitest'
import { type EngineHarness, openEngine } from './testing/engineHarness.ts'
import { wanCases } from './testing/wanCases.ts'

let engine: EngineHarness
beforeAll(async () => {
  engine = await openEngine()
}, 300_000)
afterAll(async () => {
  await engine.close()
  console.log((await engine.program.exited).stderr.slice(-5000))
})
describe('WAN', () => wanCases(() => engine))
