import { afterAll, beforeAll, describe } from 'vitest'
import { type EngineHarness, openEngine } from './testing/engineHarness.ts'
import { sdxlCases } from './testing/sdxlCases.ts'
let engine: EngineHarness
beforeAll(async () => {
  engine = await openEngine()
}, 300_000)
afterAll(async () => {
  await engine?.close()
  console.log((await engine?.program.exited)?.stderr.slice(-3000))
})
describe('sdxl', () => sdxlCases(() => engine))
