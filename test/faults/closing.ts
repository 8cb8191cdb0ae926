import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WORKFLOW_TYPES } from '../../jobs/temporalNames.ts'
import type { HostStatusFile, LeftProcess, RunFile } from './audit/evidence.ts'
import type { Operator } from './operator.ts'
import type { Keeper } from './world/keeper.ts'
import { allProcesses, belongsTo, engineOf } from './world/processTree.ts'
import type { Host } from './world/workers.ts'
import type { World } from './world/world.ts'

const POLL_MS = 1000
const TYPES = [WORKFLOW_TYPES.generateMedia, WORKFLOW_TYPES.deliverCallback, WORKFLOW_TYPES.removeAssets]
const RUNNING = `ExecutionStatus = 'Running' AND WorkflowType IN (${TYPES.map(type => `'${type}'`).join(', ')})`
/** What of a world tells its engines from those of others, and from those that have a worker. */
interface OfEngines {
  evidence: string
  hosts: readonly { keeper: Pick<Keeper, 'pid'> }[]
}

/** The index lags behind: it must say twice that nothing runs. */
const QUIET_LOOKS = 3

/** Waits until every job has its terminal callback and no workflow runs. False when the bound has passed before. */
export async function untilQuiet(world: World, operator: Operator, boundMs: number): Promise<boolean> {
  const untilMs = Date.now() + boundMs
  let quiet = 0
  while (Date.now() < untilMs) {
    const running = await world.client.workflow.count(RUNNING).then(
      ({ count }) => count,
      () => null,
    )
    const given = running === 0 ? await operator.redeliver() : 0
    quiet = running === 0 && given === 0 && world.ledger.open().length === 0 ? quiet + 1 : 0
    if (quiet === QUIET_LOOKS) return true
    await sleep(POLL_MS)
  }
  return false
}

/** What the hosts say of themselves at the end, and the files that they keep. */
export async function hostStatuses(world: World): Promise<HostStatusFile> {
  const statuses = await Promise.all(
    world.hosts.map(async host => [
      host.hostId,
      {
        card: await cardOf(host),
        renders: await filesBelow(join(host.dataDir, 'renders')),
        staging: await filesBelow(join(host.dataDir, 'staging')),
      },
    ]),
  )
  return Object.fromEntries(statuses)
}

async function cardOf({ healthUrl }: Host) {
  try {
    const response = await fetch(`${healthUrl}/card`, { signal: AbortSignal.timeout(10_000) })
    return response.ok ? JSON.parse(await response.text()) : null
  } catch {
    return null
  }
}

async function filesBelow(folder: string) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Promise.all(
    files.map(async file => {
      const { size, mtime } = await stat(file)
      return { path: relative(folder, file), bytes: size, mtime: mtime.toISOString() }
    }),
  )
}

/** Engines whose worker is gone, while all is quiet and every worker lives. */
export function orphanedEngines({ evidence, hosts }: OfEngines): LeftProcess[] {
  const engines = new Set(hosts.map(({ keeper }) => engineOf(keeper.pid() ?? -1)))
  return allProcesses()
    .filter(process => process.command.includes('engines/preview/main.ts') && !engines.has(process.pid))
    .filter(process => belongsTo(evidence, process))
    .map(({ pid, command }) => ({ pid, command }))
}

/** Processes of this world that are there after its workers were stopped. */
export function leftProcesses({ directory }: Pick<World, 'directory'>): LeftProcess[] {
  const folders = [join(directory, 'workers'), join(directory, 'hosts')]
  return allProcesses()
    .filter(process => process.pid !== globalThis.process.pid)
    .filter(process => [...folders, 'engine-card-'].some(name => belongsTo(name, process)))
    .filter(process => belongsTo(directory, process))
    .map(({ pid, command }) => ({ pid, command }))
}

export async function writeRun(world: World): Promise<void> {
  const file: RunFile = { ...world.about(), endedAt: new Date().toISOString() }
  await world.records.file('run.json', file)
}
