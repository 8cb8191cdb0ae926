import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { endOf } from '../../dev/ownedProcess.ts'
import { audit } from './audit/audit.ts'
import type { FaultLine } from './audit/evidence.ts'
import { hostStatuses, leftProcesses, orphanedEngines, untilQuiet, writeRun } from './closing.ts'
import { startOperator } from './operator.ts'
import { type Choice, runSchedule } from './schedule.ts'
import { startStream } from './stream.ts'
import { releaseDisksBelow } from './world/disk.ts'
import type { Keeper } from './world/keeper.ts'
import { putPictures } from './world/referenceLibrary.ts'
import { openWorld, type World } from './world/world.ts'

export interface RoundOptions {
  /** Made anew. */
  directory: string
  seed: number
  count: number
  choose: Choice
  calm?: number
  timeScale: number
  tell: (line: string) => void
  /** Ends the round early; it is still brought to its end and audited. */
  signal: AbortSignal
}

export interface RoundResult {
  seed: number
  directory: string
  faults: FaultLine[]
  /** What went wrong with those that threw: mistakes of the harness, which must not pass for faults. */
  notActedOut: string[]
  jobs: number
  /** Whether everything came to rest within the bound. */
  quiet: boolean
  seconds: number
  audit: Awaited<ReturnType<typeof audit>>
}

const READY_MS = 60_000
/** Longest from the last fault to the last callback; repetitions after an unknown delivery take 40 s of it. */
const QUIET_MS = 240_000

/** One world from its first process to its audit. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const { directory, seed, tell } = options
  const startedMs = performance.now()
  await releaseDisksBelow(directory)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const world = await openWorld(options)
  const faults: FaultLine[] = []
  const notActedOut: string[] = []
  try {
    await putPictures(world.objects, world.pictures)
    await untilReady(world)
    const operator = startOperator(world)
    const stream = startStream(world, seed, operator.wished)
    await runSchedule({
      ...options,
      world,
      stream,
      onFault(fault) {
        faults.push(fault)
        tell(
          `${String(fault.n).padStart(4)}/${options.count} ${fault.kind} ${fault.target}: ${fault.detail} (${world.ledger.open().length} open of ${world.ledger.count()})`,
        )
      },
      onNotActedOut(problem) {
        notActedOut.push(problem)
      },
    })
    await stream.stop()
    tell(`faults are over; ${world.ledger.open().length} jobs are open`)
    const quiet = await untilQuiet(world, operator, QUIET_MS)
    if (!quiet) tell(`not at rest after ${QUIET_MS / 1000} s`)
    await operator.stop()
    await world.records.file('host-status.json', await hostStatuses(world))
    const orphans = orphanedEngines(world)
    await world.settle()
    await world.records.file('processes.json', [...orphans, ...leftProcesses(world)])
    await writeRun(world)
    return {
      ...{ seed, directory, faults, notActedOut, quiet },
      jobs: world.ledger.count(),
      seconds: Math.round((performance.now() - startedMs) / 1000),
      audit: await audit(world.evidence, { temporalAddress: world.temporal.address }),
    }
  } finally {
    await world.stop()
  }
}

async function untilReady({ controls, hosts }: World): Promise<void> {
  const untilMs = Date.now() + READY_MS
  for (const { healthUrl, keeper } of [...controls, ...hosts]) {
    for (;;) {
      const problem = await whatIsMissing(healthUrl)
      if (problem === null) break
      if (Date.now() > untilMs) throw new Error(notReady(keeper, problem))
      await sleep(200)
    }
  }
}

/** null when it is ready. */
async function whatIsMissing(healthUrl: string): Promise<string | null> {
  try {
    const answer = await fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(5000) })
    const said = await answer.text()
    return answer.ok ? null : said.trim()
  } catch (error) {
    return error instanceof Error ? String(error.cause ?? error) : String(error)
  }
}

function notReady(keeper: Keeper, problem: string): string {
  const end = keeper.lastEnd()
  return [
    `${keeper.name} did not become ready within ${READY_MS / 1000} s and ${keeper.starts()} starts: ${problem}`,
    ...(end === null ? [] : [endOf(end), ...end.tail]),
  ].join('\n')
}
