import { expect, onTestFinished } from 'vitest'
import type { Lane } from '../../../jobs/jobTypes.ts'
import type { RenderJob } from '../../protocol.ts'
import type { EngineHarness } from './engineHarness.ts'

/** Grants one gate at a time, and resolves with the job stopped at one of that module, the card given back. */
export async function stopAtGate({ onWant, program, gates }: EngineHarness, module: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  onTestFinished(() => onWant(null))
  onWant(event => {
    if (event.type !== 'want' && event.type !== 'yielded') return
    const { id, lane, type } = event
    const last = async () =>
      type === 'want'
        ? undefined
        : (await gates()).findLast(entry => entry.id === id && entry.event === 'gate')
    last().then(entry => {
      if (entry?.module === module) return resolve()
      program.send({ type: 'grant', lane }, { type: 'yield', lane })
    }, reject)
  })
  await promise
}

/** Cancels a job that is stopped at a gate of that module, and sees to it that it ends there and passes no other. */
export async function cancelAtGate(
  engine: EngineHarness,
  lane: Lane,
  job: RenderJob,
  module: string,
): Promise<void> {
  const { begin, cancel, gates, onWant } = engine
  const atGate = stopAtGate(engine, module)
  const { id, result } = await begin(lane, job)
  await atGate
  const passed = async () => (await gates()).filter(entry => entry.id === id && entry.event === 'gate')
  const until = await passed()
  cancel(id)
  await expect(result).rejects.toMatchObject({ code: 'cancelled' })
  onWant(null)
  expect(until.at(-1)?.module).toBe(module)
  expect(await passed()).toEqual(until)
}
