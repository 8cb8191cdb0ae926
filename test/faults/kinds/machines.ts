import { setTimeout as sleep } from 'node:timers/promises'
import { workflowIds } from '../../../jobs/workflowIds.ts'
import type { Host } from '../world/workers.ts'
import type { World } from '../world/world.ts'
import { anyHost, type FaultKind, now } from './kind.ts'

const REPLACED_MS = 120_000

/** What happens to a machine as a whole, and what a person does by hand. */
export const MACHINES: readonly FaultKind[] = [
  {
    name: 'disk-full',
    weight: 4,
    async act({ world, random }) {
      const host = random.pick(await hostsWithDisk(world))
      const pids = () => [host.keeper.pid(), host.enginePid()].filter(pid => pid !== null)
      const [filled, from] = [pids(), now()]
      await host.disk?.fill(filled)
      await sleep(random.int(500, 3000))
      await host.disk?.free(filled)
      return { target: host.hostId, from, down: [`disk:${host.hostId}`], detail: String(host.disk?.kind) }
    },
  },
  {
    name: 'machine-lost',
    weight: 1,
    async act(stage) {
      const host = anyHost(stage)
      await stage.world.retireHost(host)
      await sleep(stage.random.int(0, 3000))
      const next = await stage.world.addHost({ smallDisk: host.disk !== null })
      const detail = `never comes back; ${next.hostId} takes its place`
      return { target: host.hostId, down: [`gpu:${host.hostId}`], detail }
    },
  },
  {
    name: 'terminated-by-hand',
    weight: 4,
    async act({ world, random }) {
      const jobId = random.pick(['', ...world.ledger.open()])
      const before = world.ledger.isOpen(jobId)
      const ok = before && (await terminate(world.client, jobId))
      if (before) world.records.action({ kind: 'terminate', jobId, ok, detail: 'by an operator' })
      return { target: jobId, down: [], hit: ok, detail: ok ? 'terminated' : 'it had ended' }
    },
  },
]

/** At least one: a machine that is lost is replaced by its like, which may take a while. */
async function hostsWithDisk(world: World): Promise<Host[]> {
  for (const untilMs = Date.now() + REPLACED_MS; Date.now() < untilMs; await sleep(100)) {
    const hosts = world.hosts.filter(({ disk }) => disk !== null)
    if (hosts.length > 0) return hosts
  }
  throw new Error('no host has a disk of its own')
}

type Client = Parameters<FaultKind['act']>[0]['world']['client']

async function terminate(client: Client, jobId: string): Promise<boolean> {
  return client.workflow
    .getHandle(workflowIds.job(jobId))
    .terminate('a fault of the run')
    .then(
      () => true,
      () => false,
    )
}
