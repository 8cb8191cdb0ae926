import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { CardError } from './cardError.ts'
import { lockCard } from './cardLock.ts'

const holder = fileURLToPath(new URL('./testing/cardHolder.ts', import.meta.url))
const newCard = () => `GPU-${randomUUID()}`

/** Another process that has the card. `into`: command and arguments that the process is started through. */
async function otherWorker(uuid: string, directory: string, into: string[] = []) {
  const [command = '', ...args] = [...into, process.execPath, holder, uuid, directory]
  const child = execa(command, args, { reject: false })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await child
  })
  await once(child.stdout, 'data')
  return { pid: child.pid, signal: (name: 'SIGKILL' | 'SIGSTOP') => child.kill(name), ended: child }
}

test('a second worker for a card is refused, whatever its folder, and told who has it', async () => {
  const uuid = newCard()
  const other = await otherWorker(uuid, await temporaryDirectory())
  const second = lockCard({ uuid, directory: await temporaryDirectory() })
  await expect(second).rejects.toThrow(CardError)
  await expect(second).rejects.toThrow(`process ${other.pid} on `)
  const neighbour = await lockCard({ uuid: newCard(), directory: await temporaryDirectory() })
  expect(neighbour.fileError).toBeNull()
  neighbour.release()
})

test('a holder that is killed gives the card back', async () => {
  const uuid = newCard()
  const directory = await temporaryDirectory()
  const other = await otherWorker(uuid, directory)
  await expect(lockCard({ uuid, directory })).rejects.toThrow(CardError)
  other.signal('SIGKILL')
  await other.ended
  const lock = await lockCard({ uuid, directory })
  lock.release()
  ;(await lockCard({ uuid, directory })).release()
})

test('a holder that is stopped still has the card', async () => {
  const uuid = newCard()
  const directory = await temporaryDirectory()
  const other = await otherWorker(uuid, directory)
  other.signal('SIGSTOP')
  await expect(lockCard({ uuid, directory })).rejects.toThrow('does not say its process')
})

test('containers that share a folder but no network see each other', async ({ skip }) => {
  const apart = ['unshare', '--user', '--map-root-user', '--net']
  const { failed } = await execa(apart[0] ?? '', [...apart.slice(1), 'true'], { reject: false })
  if (failed) skip('this machine does not let us make a network namespace')
  const uuid = newCard()
  const directory = await temporaryDirectory()
  const other = await otherWorker(uuid, directory, apart)
  await expect(lockCard({ uuid, directory })).rejects.toThrow(`lock on ${directory}`)
  other.signal('SIGKILL')
  await other.ended
  ;(await lockCard({ uuid, directory })).release()
})

test('where no lock file can be made, the card is locked all the same', async () => {
  const uuid = newCard()
  const file = join(await temporaryDirectory(), 'no-folder')
  await writeFile(file, '')
  const lock = await lockCard({ uuid, directory: file })
  expect(lock.fileError).toBeInstanceOf(Error)
  await expect(lockCard({ uuid, directory: await temporaryDirectory() })).rejects.toThrow(CardError)
  lock.release()
})
