import type { TurnPort, Turnstile } from '../gpu/turnstile.ts'
import type { JobFailure } from '../jobs/failures.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import type { ProgramLink, TaskEvent } from './engineRun.ts'
import type { FollowedTask } from './engineTask.ts'

/**
 * The jobs of one program: in line by lane until it is their time, then with the program. A lane's next job is sent when
 * the one before it has released the card, so that it is computed while the other's files are made.
 */
export function createTaskTable(options: { createTurnstile: (port: TurnPort) => Turnstile }) {
  let link: ProgramLink | null = null
  let open = false
  const waiting = new Map<Lane, FollowedTask[]>()
  const sent = new Map<string, FollowedTask>()

  const turnstile = options.createTurnstile({
    grant(lane) {
      const task = [...sent.values()].find(other => other.lane === lane && other.wantsCard())
      if (!link || !task) return
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

  function sendNext(lane: Lane): void {
    if (!link || !open || [...sent.values()].some(task => task.lane === lane && task.needsCard())) return
    const task = line(lane).shift()
    if (!task) return
    sent.set(task.id, task)
    task.send(link)
  }

  function passTurn(event: TaskEvent, lane: Lane): void {
    if (event.type === 'want') turnstile.want(lane)
    if (event.type === 'yielded') turnstile.yielded(lane, event.heldMs)
    if (event.type === 'released') turnstile.released(lane, event.heldMs)
  }

  return {
    count: () => sent.size + [...waiting.values()].reduce((sum, tasks) => sum + tasks.length, 0),
    add(task: FollowedTask) {
      line(task.lane).push(task)
      sendNext(task.lane)
    },
    /** A job is over, with or without having been sent. */
    remove(task: Pick<FollowedTask, 'id' | 'lane'>, mayHoldCard: boolean) {
      waiting.set(
        task.lane,
        line(task.lane).filter(other => other.id !== task.id),
      )
      if (!sent.delete(task.id)) return
      if (mayHoldCard) turnstile.withdraw(task.lane)
      sendNext(task.lane)
    },
    /** A program is ready: what waits in line begins. */
    attach(to: ProgramLink) {
      link = to
      open = true
      for (const lane of waiting.keys()) sendNext(lane)
    },
    /** The program is about to die: it gets no new job, but may still tell of those it has. */
    close() {
      open = false
    },
    /**
     * The program is dead and reaped. Whoever held the card fails, as the likeliest cause; the other jobs go back to the head
     * of their lines, so that one that kills its program does not use up their attempts. If nobody held it, all fail.
     */
    detach(failure: JobFailure) {
      const { holder } = turnstile.snapshot()
      link = null
      open = false
      turnstile.reset()
      for (const task of [...sent.values()].reverse()) {
        if (holder !== null && task.lane !== holder && task.takeBack()) line(task.lane).unshift(task)
        else task.fail(failure)
      }
      sent.clear()
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
      task.handle(event)
      passTurn(event, task.lane)
      if (event.type === 'released') sendNext(task.lane)
    },
    heard() {
      for (const task of sent.values()) task.heard()
    },
    tick(elapsedMs: number) {
      for (const task of [...sent.values()]) task.tick(elapsedMs)
    },
  }
}
