import { onTestFinished } from 'vitest'
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
      program.send({ type: 'grant', lane })
      program.send({ type: 'yield', lane })
    }, reject)
  })
  await promise
}
