import { once } from 'node:events'
import type { Logger } from 'pino'
import type { CardUse } from '../gpu/cardMeter.ts'
import type { TurnPort, Turnstile } from '../gpu/turnstile.ts'
import type { LaneMode } from '../jobs/cardStatus.ts'
import { JobFailure } from '../jobs/failures.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import { type Admission, admitAll } from './admission.ts'
import type { EngineResult, EngineTask, ProgramInfo, ProgramLink, RunHooks } from './engineRun.ts'
import { createEngineTask } from './engineTask.ts'
import { createLaneBreaker, LANE_BREAKER_LIMITS, type LaneBreakerLimits } from './laneBreaker.ts'
import { deathFailure, describeDeath } from './programDeath.ts'
import { openProgramSession, type ProgramSession } from './programSession.ts'
import { createRespawnPolicy, RESPAWN_LIMITS, type RespawnLimits } from './respawnPolicy.ts'
import { createTaskTable, type TableSnapshot } from './taskTable.ts'

export interface InferenceProgramOptions {
  command: string
  args: readonly string[]
  /** The program's whole environment; nothing of ours is inherited, so no secret of ours is either. */
  env: Readonly<Record<string, string>>
  lanes: readonly Lane[]
  /** Memory of the card that the program may use; null leaves it to the program. */
  budgetMiB: number | null
  createTurnstile: (port: TurnPort) => Turnstile
  /** Who may have memory of the card; without it, whoever wants. */
  admission?: Admission
  onUse?: (use: CardUse) => void
  /** After a death, what must be so before the next program is started: the memory of the dead one is gone. */
  afterDeath?: (pid: number | null) => Promise<void>
  /** Longest time without a word, of the program or about a job that is not waiting for the card. */
  silenceMs: number
  startTimeoutMs: number
  /** How long a job may take to stop before the program is killed for it. */
  cancelGraceMs?: number
  /** From SIGTERM to SIGKILL. */
  killGraceMs?: number
  /** From the first signal until a program that is still there counts as unending: it hangs in the driver, where none reaches it. */
  reapMs?: number
  /** Its jobs hang with it, and only the end of this process lets go of them. */
  onUnending?: () => void
  respawn?: Partial<RespawnLimits>
  laneBreaker?: Partial<LaneBreakerLimits>
  log: Logger
}

export interface ProgramState {
  /**
   * `dying`: its end has begun. Between two lives: `respawning`, or `broken` when it died too often in a row and the pause is long.
   * Jobs wait in all three.
   */
  status: 'idle' | 'starting' | 'ready' | 'dying' | 'respawning' | 'broken' | 'stopping' | 'stopped'
  info: ProgramInfo | null
  /** Crashes in a row, and why the last life ended, by anything but `stop`. */
  crashes: number
  lastDeath: string | null
  /** Jobs with the program or in line for it. */
  tasks: number
  /** Lanes whose jobs have killed it too often, and wait for a while. */
  outOfService: Lane[]
  /** It is ready, and loads the models that every job needs. */
  loadingModels: boolean
}

export interface InferenceProgram {
  /** Gives the program once it is ready. Rejects with `engine_crashed` if this life ends before; it is tried again all the same. */
  start(): Promise<ProgramInfo>
  /** Runs one job, waiting for the program if it is between two lives. Rejects with a `JobFailure`, or the signal's reason. */
  run(task: EngineTask, hooks?: RunHooks): Promise<EngineResult>
  /** Asks the program to end, then SIGTERM after `graceMs`, then SIGKILL. Nothing is left behind, but what no signal reaches. */
  stop(graceMs: number): Promise<void>
  state(): ProgramState
  /** What an operator has decided of a lane. It holds over all lives of the program; a lane is open until told otherwise. */
  setLaneMode(lane: Lane, mode: LaneMode): void
  tasks(): TableSnapshot
}

/** The default of `cancelGraceMs`. */
export const CANCEL_GRACE_MS = 10_000

/** Owns one inference program: starts it, gives it jobs, passes the turns, and starts it again when it dies. */
export function createInferenceProgram(options: InferenceProgramOptions): InferenceProgram {
  const { log, lanes, silenceMs, cancelGraceMs = CANCEL_GRACE_MS } = options
  const { killGraceMs = 5_000, reapMs = 35_000 } = options
  const policy = createRespawnPolicy({ ...RESPAWN_LIMITS, ...options.respawn })
  const breaker = createLaneBreaker({
    limits: { ...LANE_BREAKER_LIMITS, ...options.laneBreaker },
    onChange(lane, out) {
      if (out) log.error({ lane }, 'a lane is out of service: its jobs killed the program again and again')
      else log.warn({ lane }, 'a lane that was out of service is tried again')
      table.serviceChanged(lane)
    },
  })
  const table = createTaskTable({
    createTurnstile: options.createTurnstile,
    admission: options.admission ?? admitAll,
    inService: lane => !breaker.isOut(lane),
    ...(options.onUse ? { onUse: options.onUse } : {}),
  })
  let status: ProgramState['status'] = 'idle'
  let session: ProgramSession | null = null
  let link: ProgramLink | null = null
  let lastDeath: string | null = null
  let respawnTimer: NodeJS.Timeout | undefined
  let reapTimer: NodeJS.Timeout | undefined
  let stopped: Promise<void> | null = null
  /** Of the present life. */
  let unending = Promise.withResolvers<void>()
  const running = new Map<string, Promise<EngineResult>>()

  const gone = (message: string) => new JobFailure('engine_crashed', message)

  function launch(): ProgramSession {
    clearTimeout(respawnTimer)
    status = 'starting'
    unending = Promise.withResolvers()
    const opened = openProgramSession({
      program: { command: options.command, args: options.args, env: options.env },
      lanes,
      budgetMiB: options.budgetMiB,
      startTimeoutMs: options.startTimeoutMs,
      silenceMs,
      killGraceMs,
      onTaskEvent: table.handle,
      onBusy: table.heard,
      onTick: table.tick,
      onDying,
      onModels(...told) {
        table.modelsAre(...told)
        coolDown()
      },
      log,
    })
    session = opened
    opened.ready.then(
      ready => {
        if (session !== opened || status !== 'starting') return
        status = 'ready'
        link = ready
        table.attach(ready)
        coolDown()
      },
      () => {},
    )
    void outlive(opened)
    return opened
  }

  function coolDown(): void {
    if (status === 'ready' && !table.loadingModels()) breaker.programReady()
  }

  function onDying(): void {
    table.close()
    if (status !== 'stopping') status = 'dying'
    reapTimer = setTimeout(() => {
      unending.resolve()
      options.onUnending?.()
    }, reapMs)
  }

  async function outlive(opened: ProgramSession): Promise<void> {
    const death = await opened.died
    clearTimeout(reapTimer)
    breaker.programGone()
    const pid = link?.info.pid ?? null
    // Whoever held the card when the program was told to stop is not to blame for its end.
    const culprit = status === 'stopping' ? null : (death.reason.culprit ?? table.snapshot().holder)
    session = null
    link = null
    const failure = status === 'stopping' ? gone('The inference program was stopped.') : deathFailure(death)
    table.detach(failure, culprit?.taskId ?? null)
    if (status === 'stopping') return table.failWaiting(failure)
    lastDeath = describeDeath(death)
    log.error(
      { reason: death.reason, exitCode: death.exitCode, signal: death.signal },
      'inference program died',
    )
    // A job that its user stopped must not count towards the breakers that stop others.
    if (death.reason.kind !== 'deaf-to-cancel') {
      policy.crashed()
      if (culprit !== null) breaker.crashed(culprit)
    }
    status = policy.open() ? 'broken' : 'respawning'
    if (status === 'broken') log.error({ crashes: policy.crashes() }, 'inference program is out of service')
    await options.afterDeath?.(pid)
    if (stopped === null) respawnTimer = setTimeout(launch, policy.delayMs())
  }

  function ensureAlive(): void {
    if (status === 'stopping' || status === 'stopped') throw gone('The inference program was stopped.')
    if (status === 'idle') launch()
  }

  return {
    async start() {
      ensureAlive()
      const { info } = await (session ?? launch()).ready
      return info
    },

    async run(task, hooks = {}) {
      hooks.signal?.throwIfAborted()
      if (!lanes.includes(task.lane)) throw new Error(`The program has no lane ${task.lane}.`)
      // A lost attempt's job may still be stopping when its next attempt comes, and an id names one job at a time.
      for (let earlier = running.get(task.id); earlier; earlier = running.get(task.id)) {
        await settledOrAborted(earlier, hooks.signal)
      }
      ensureAlive()
      const followed = createEngineTask({
        task,
        hooks,
        cancelGraceMs,
        silenceMs,
        onEnd: mayHoldCard => table.remove(task, mayHoldCard),
        onConfirmed: () => table.serviceChanged(task.lane),
      })
      running.set(task.id, followed.result)
      table.add(followed)
      try {
        const result = await followed.result
        policy.succeeded()
        breaker.succeeded(task.lane)
        return result
      } finally {
        running.delete(task.id)
      }
    },

    stop(graceMs) {
      stopped ??= stopOnce(graceMs)
      return stopped
    },

    state: () => ({
      status,
      info: link?.info ?? null,
      crashes: policy.crashes(),
      lastDeath,
      tasks: table.count(),
      outOfService: lanes.filter(breaker.isOut),
      loadingModels: table.loadingModels(),
    }),
    setLaneMode: table.setMode,
    tasks: table.snapshot,
  }

  async function stopOnce(graceMs: number): Promise<void> {
    status = 'stopping'
    clearTimeout(respawnTimer)
    breaker.programGone()
    table.failWaiting(gone('The inference program is being stopped.'))
    const last = session
    if (last) {
      last.send({ type: 'shutdown' })
      const why = { kind: 'stopped', message: 'The program was told to stop.' } as const
      const timer = setTimeout(() => last.kill(why, killGraceMs), graceMs)
      await Promise.race([last.died, unending.promise])
      clearTimeout(timer)
    }
    status = 'stopped'
  }
}

async function settledOrAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const waited = new AbortController()
  const settled = promise.then(
    () => {},
    () => {},
  )
  await Promise.race(signal ? [settled, once(signal, 'abort', { signal: waited.signal })] : [settled])
  waited.abort()
  signal?.throwIfAborted()
}
