import type { CardUse } from '../gpu/cardMeter.ts'
import type { TurnPort, Turnstile } from '../gpu/turnstile.ts'
import type { LaneMode } from '../jobs/cardStatus.ts'
import type { JobFailure } from '../jobs/failures.ts'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import type { Admission } from './admission.ts'
import type { ProgramLink, TaskEvent } from './engineRun.ts'
import type { FollowedTask } from './engineTask.ts'

/** Of a job's memory, where the program says nothing of it. */
const UNTOLD: { peakMiB: number | null; reservedMiB: number | null } = { peakMiB: null, reservedMiB: null }
const TURN_EVENTS: ReadonlySet<TaskEvent['type']> = new Set(['want', 'yielded', 'released'])

/** Who computes, and which jobs each lane has. Lanes that never had one may be missing. */
export interface TableSnapshot {
  /** `heldMs`: that the job has held the card, all its turns together. */
  holder: { lane: Lane; taskId: string; heldMs: number } | null
  /** Ids of the jobs that are with the program, and of those in line behind them. */
  running: Map<Lane, string[]>
  waiting: Map<Lane, string[]>
  /** Milliseconds that each lane has held the card, the present turn included. */
  heldMs: Record<Lane, number>
}

/**
 * The jobs of one program: in line by lane until it is their time, then with the program. A lane's next job is sent when
 * the one before it has released the card, so that it is computed while the other's files are made, and when there is
 * memory for it.
 */
export function createTaskTable(options: {
  createTurnstile: (port: TurnPort) => Turnstile
  admission: Admission
  /** Whether a lane is in service: one whose jobs kill the program is not. */
  inService: (lane: Lane) => boolean
  /** Told of each change of who computes and how many wait for it. */
  onUse?: (use: CardUse) => void
}) {
  const { admission, inService, onUse } = options
  let link: ProgramLink | null = null
  let open = false
  const waiting = new Map<Lane, FollowedTask[]>()
  const sent = new Map<string, FollowedTask>()
  const modes = new Map<Lane, LaneMode>()
  /** Jobs that came while their lane was being drained: they wait for it to open. */
  const late = new WeakSet<FollowedTask>()

  const turnstile = options.createTurnstile({
    grant(lane) {
      const task = [...sent.values()].find(other => other.lane === lane && other.wantsCard())
      // A program that is about to die gets nothing more to do: whoever held the card then would be blamed for its death.
      if (!link || !open || !task) return
      link.send({ type: 'grant', lane })
      task.granted()
    },
    yield(lane) {
      link?.send({ type: 'yield', lane })
    },
  })

  function line(lane: Lane): FollowedTask[] {
    const tasks = waiting.get(lane) ?? []
    waiting.set(lane, tasks)
    return tasks
  }

  function mayBegin(task: FollowedTask): boolean {
    if (!inService(task.lane) || !task.isConfirmed()) return false
    const mode = modes.get(task.lane) ?? 'open'
    return mode === 'open' || (mode === 'draining' && !late.has(task))
  }

  function sendNext(lane: Lane): void {
    if (!link || !open || [...sent.values()].some(task => task.lane === lane && task.needsCard())) return
    const [task] = line(lane)
    if (!task || !mayBegin(task)) return
    const admitted = admission.admit(task, link)
    switch (admitted.kind) {
      case 'later':
        return
      case 'never':
        // Its end has it removed, and the next one sent.
        task.fail(admitted.failure)
        return
      case 'now':
        line(lane).shift()
        sent.set(task.id, task)
        task.send(link, admitted.drop)
    }
  }

  /** Memory was given back, or a program is there: whoever waited for that may begin, whichever lane it is of. */
  function sendAll(): void {
    // Until nothing changes: a job that begins leaves the line for memory, which may let a lane begin that was asked before.
    for (let before = -1; sent.size !== before; ) {
      before = sent.size
      for (const lane of LANES) sendNext(lane)
    }
  }

  /** Ends the job's claims on the card. Idempotent. */
  function giveBack(taskId: string, memory = UNTOLD): void {
    admission.over(taskId, memory)
    sendAll()
  }

  function tellUse(): void {
    const { holder } = turnstile.snapshot()
    const lines = [...waiting.values()].flat().filter(mayBegin).length
    const begun = [...sent.values()].filter(
      task => task.needsCard() && task.lane !== holder && modes.get(task.lane) !== 'paused',
    ).length
    onUse?.({ holder, jobsWaiting: lines + begun })
  }

  /** A lane is in service or out of it, an operator has opened or closed it, or its next job may begin after all. */
  function serviceChanged(lane: Lane): void {
    // Whoever may not begin must not hold a place in the line for memory either.
    for (const task of line(lane)) if (!mayBegin(task)) admission.over(task.id, UNTOLD)
    sendAll()
    tellUse()
  }

  function passTurn(event: TaskEvent, { lane, alone }: FollowedTask): void {
    if (event.type === 'want') turnstile.want(lane, alone)
    if (event.type === 'yielded') turnstile.yielded(lane, event.heldMs)
    if (event.type === 'released') turnstile.released(lane, event.heldMs)
  }

  return {
    count: () => sent.size + [...waiting.values()].reduce((sum, tasks) => sum + tasks.length, 0),
    add(task: FollowedTask) {
      if (modes.get(task.lane) === 'draining') late.add(task)
      line(task.lane).push(task)
      sendNext(task.lane)
      tellUse()
    },
    /** `paused`: what the lane has stops at its next gate, and nothing begins. `draining`: what it has now is still finished. */
    setMode(lane: Lane, mode: LaneMode) {
      if (mode === (modes.get(lane) ?? 'open')) return
      modes.set(lane, mode)
      for (const task of line(lane)) late.delete(task)
      if (mode === 'paused') turnstile.pause(lane)
      else turnstile.resume(lane)
      serviceChanged(lane)
    },
    serviceChanged,
    snapshot(): TableSnapshot {
      const ids = (tasks: Iterable<FollowedTask>) =>
        new Map(
          [...Map.groupBy(tasks, task => task.lane)].map(([lane, all]) => [lane, all.map(task => task.id)]),
        )
      const holder = [...sent.values()].find(task => task.turnMs() !== null)
      const { heldMs } = turnstile.snapshot()
      if (holder) heldMs[holder.lane] += holder.turnMs() ?? 0
      return {
        holder: holder ? { lane: holder.lane, taskId: holder.id, heldMs: holder.heldMs() } : null,
        running: ids(sent.values()),
        waiting: ids([...waiting.values()].flat()),
        heldMs,
      }
    },
    /** A job is over, with or without having been sent. */
    remove(task: Pick<FollowedTask, 'id' | 'lane'>, mayHoldCard: boolean) {
      waiting.set(
        task.lane,
        line(task.lane).filter(other => other.id !== task.id),
      )
      if (sent.delete(task.id) && mayHoldCard) turnstile.withdraw(task.lane)
      giveBack(task.id)
      tellUse()
    },
    /** A program is ready: what waits in line begins. */
    attach(to: ProgramLink) {
      link = to
      open = true
      admission.begin(to)
      sendAll()
      tellUse()
    },
    modelsAre: admission.modelsAre,
    loadingModels: admission.loadingModels,
    /** The program is about to die: it gets no new job, but may still tell of those it has. */
    close() {
      open = false
    },
    /**
     * The program is dead and reaped. The culprit fails, which is the job that it was killed for, or else the one that held
     * the card; the others go back to the head of their lines, so that one that kills its program does not use up their
     * attempts. If there is no culprit, those fail that have had the card, as one whose files are being made, and if none
     * has, all.
     */
    detach(failure: JobFailure, culprit: string | null) {
      link = null
      open = false
      turnstile.reset()
      admission.reset()
      const tasks = [...sent.values()].reverse()
      const someHadCard = tasks.some(task => task.hadCard())
      const mayBeToBlame = (task: FollowedTask) =>
        culprit === null ? task.hadCard() || !someHadCard : task.id === culprit
      for (const task of tasks) {
        if (!mayBeToBlame(task) && task.takeBack()) line(task.lane).unshift(task)
        else {
          if (task.id === culprit) task.killedProgram()
          task.fail(failure)
        }
      }
      sent.clear()
      tellUse()
    },
    failWaiting(failure: JobFailure) {
      for (const task of [...waiting.values()].flat()) task.fail(failure)
      waiting.clear()
    },
    /** One message about a job. Late ones, of a job that is over, change nothing. */
    handle(event: TaskEvent) {
      const task = sent.get(event.id)
      if (!task) return
      if ('lane' in event && event.lane !== task.lane) return
      // One that has released the card has no more turns: nobody would take them from it.
      if (TURN_EVENTS.has(event.type) && !task.needsCard()) return
      task.handle(event)
      if (event.type === 'unneeded') {
        admission.textEncoded(task.id)
        sendAll()
      }
      passTurn(event, task)
      if (event.type === 'released') {
        const { peakMiB = null, reservedMiB = null } = event
        giveBack(task.id, { peakMiB, reservedMiB })
      }
      if (TURN_EVENTS.has(event.type)) tellUse()
    },
    heard() {
      for (const task of sent.values()) task.heard()
    },
    tick(elapsedMs: number) {
      for (const task of [...sent.values()]) task.tick(elapsedMs)
    },
  }
}
