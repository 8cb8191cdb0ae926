import { once } from 'node:events'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { tryProcessLock, waitForProcessLock } from './processLock.ts'

test('one at a time, until it is released', async () => {
  const file = join(await temporaryDirectory(), 'a/lock')
  const first = await tryProcessLock(file)
  expect(await tryProcessLock(file)).toBeNull()
  let waited = false
  const second = waitForProcessLock(file, { onWait: () => (waited = true) })
  await expect.poll(() => waited).toBe(true)
  first?.release()
  ;(await second).release()
})

test('a process that is killed gives it back', async () => {
  const file = join(await temporaryDirectory(), 'lock')
  const script = `import { tryProcessLock } from ${JSON.stringify(new URL('./processLock.ts', import.meta.url).href)}
    if (await tryProcessLock(${JSON.stringify(file)})) console.log('taken')
    setInterval(() => {}, 1000)`
  const child = execa(process.execPath, ['--input-type=module', '-e', script], { reject: false })
  await once(child.stdout, 'data')
  expect(await tryProcessLock(file)).toBeNull()
  child.kill('SIGKILL')
  await child
  const lock = await tryProcessLock(file)
  expect(lock).not.toBeNull()
  lock?.release()
})
