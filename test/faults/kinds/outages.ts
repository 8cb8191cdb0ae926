import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpMode } from '../world/httpProxy.ts'
import type { World } from '../world/world.ts'
import { type FaultKind, HEARTBEAT_TIMEOUT_MS, killFor, type Stage, scaled } from './kind.ts'

const PASS: HttpMode = { kind: 'pass' }
const MODES: readonly HttpMode[] = [
  { kind: 'down' },
  { kind: 'half-open' },
  { kind: 'error' },
  { kind: 'answer-lost' },
  { kind: 'slow', delayMs: 700 },
]

/** What the pipeline depends on is away, slow, or does what it is asked and the answer is lost. */
export const OUTAGES: readonly FaultKind[] = [
  ...MODES.map(mode => outage('store', mode, (world, now) => world.setStore(now))),
  ...MODES.map(mode => outage('receiver', mode, (world, now) => world.receiver.set(now))),
  {
    name: 'receiver-down-long',
    weight: 1,
    async act(stage) {
      stage.world.receiver.set({ kind: 'down' })
      // Longer than a job's own quick tries, and often longer than deliveries go on in these runs.
      await sleep(scaled(stage, 120_000) + stage.random.int(0, 8000))
      stage.world.receiver.set(PASS)
      return { target: 'receiver', down: ['receiver'], detail: 'down for long' }
    },
  },
  {
    name: 'temporal-away',
    weight: 3,
    async act(stage) {
      const { world, random } = stage
      const awayMs = scaled(stage, HEARTBEAT_TIMEOUT_MS) * (1.2 + random.next())
      await killFor(world.temporal.keeper, awayMs)
      const detail = `killed for ${Math.round(awayMs)} ms, longer than the heartbeat time-out`
      return { target: 'temporal', down: ['temporal'], detail }
    },
  },
]

function outage(
  target: 'store' | 'receiver',
  mode: HttpMode,
  set: (world: World, mode: HttpMode) => void,
): FaultKind {
  return {
    name: `${target}-${mode.kind}`,
    weight: 2,
    async act(stage: Stage) {
      set(stage.world, mode)
      await sleep(stage.random.int(400, 3500))
      set(stage.world, PASS)
      return { target, down: [target], detail: mode.kind }
    },
  }
}
