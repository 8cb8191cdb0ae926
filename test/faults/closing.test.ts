import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startPreview } from '../../engines/preview/testing/previewClient.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { leftProcesses, orphanedEngines } from './closing.ts'

/** A real engine, whose parent is this process. */
async function startEngine(options: { args?: string[]; env?: Record<string, string> }) {
  const engine = startPreview(options)
  onTestFinished(engine.kill)
  const { pid } = await engine.until('hello')
  return Object.assign(engine, { pid })
}

const pidsOf = (found: { pid: number }[]) => found.map(({ pid }) => pid).toSorted()

test('an engine that its worker has left is seen by its arguments and by its environment, and those of other worlds are not', async () => {
  const [directory, another] = [await temporaryDirectory(), await temporaryDirectory()]
  const evidence = join(directory, 'evidence')
  await Promise.all([directory, another].map(folder => mkdir(join(folder, 'evidence'))))
  const world = { directory, evidence, hosts: [] }
  expect([orphanedEngines(world), leftProcesses(world)]).toEqual([[], []])

  // As a worker starts it.
  const byArguments = await startEngine({ args: ['--log', join(evidence, 'engine-card-1.jsonl')] })
  // As one that an operator brings may be.
  const byEnvironment = await startEngine({
    env: { DATA_DIR: join(directory, 'hosts', 'card-2'), NOTES: join(evidence, 'notes') },
  })
  const others = await startEngine({ args: ['--log', join(another, 'evidence', 'engine-card-1.jsonl')] })
  const both = pidsOf([byArguments, byEnvironment])
  expect(pidsOf(orphanedEngines(world))).toEqual(both)
  expect(pidsOf(leftProcesses(world))).toEqual(both)
  expect(leftProcesses(world).map(({ command }) => command)).toContainEqual(
    expect.stringContaining('engines/preview/main.ts'),
  )

  for (const { kill } of [byEnvironment, others]) kill()
  await Promise.all([byEnvironment.exited, others.exited])
  // One whose worker lives is no orphan.
  const living = { ...world, hosts: [{ keeper: { pid: () => process.pid } }] }
  expect([pidsOf(orphanedEngines(world)), orphanedEngines(living)]).toEqual([[byArguments.pid], []])
  byArguments.closeStdin()
  await byArguments.exited
  expect([orphanedEngines(world), leftProcesses(world)]).toEqual([[], []])
})
