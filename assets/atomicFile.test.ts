import { open, readFile, readlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { copyAtomically } from './atomicFile.ts'

/** Paths that are made to outlast a power cut from now on, in order. */
async function watchSyncs(): Promise<string[]> {
  const handle = await open('.')
  const prototype: typeof handle = Object.getPrototypeOf(handle)
  const { sync } = prototype
  await handle.close()
  const synced: string[] = []
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: typeof handle) {
    synced.push(await readlink(`/proc/self/fd/${this.fd}`))
    await sync.call(this)
  })
  onTestFinished(() => void spy.mockRestore())
  return synced
}

test('a copy is on the disk before it gets its name, and then so is the name', async () => {
  const directory = await temporaryDirectory()
  const [source, target, scratch] = [
    join(directory, 'source'),
    join(directory, 'a/target'),
    join(directory, 'b'),
  ]
  await writeFile(source, 'bytes')
  const synced = await watchSyncs()
  await copyAtomically(source, target, scratch)
  expect(await readFile(target, 'utf8')).toBe('bytes')
  expect(synced.map(path => (dirname(path) === scratch ? 'scratch file' : path))).toEqual([
    'scratch file',
    dirname(target),
  ])
})
