import { anyHost, downWith, type FaultKind, killFor } from './kind.ts'

/** SIGKILL at a random moment. */
export const KILLS: readonly FaultKind[] = [
  {
    name: 'kill-control',
    weight: 6,
    async act({ world, random }) {
      const { keeper } = random.pick(world.controls)
      await killFor(keeper, random.int(0, 1500))
      return { target: keeper.name, down: [], detail: 'SIGKILL' }
    },
  },
  {
    name: 'kill-gpu',
    weight: 6,
    async act(stage) {
      const host = anyHost(stage)
      await killFor(host.keeper, stage.random.int(0, 2500))
      return { target: host.hostId, down: downWith(host), detail: 'SIGKILL' }
    },
  },
  {
    name: 'kill-engine',
    weight: 7,
    async act(stage) {
      const host = anyHost(stage)
      const pid = host.enginePid()
      if (pid !== null) process.kill(pid, 'SIGKILL')
      return {
        target: host.hostId,
        down: [`engine:${host.hostId}`],
        hit: pid !== null,
        detail: pid === null ? 'no engine was there' : `SIGKILL to ${pid}`,
      }
    },
  },
  {
    name: 'kill-temporal',
    weight: 5,
    async act({ world, random }) {
      await killFor(world.temporal.keeper, random.int(0, 1500))
      return { target: 'temporal', down: ['temporal'], detail: 'SIGKILL' }
    },
  },
]
