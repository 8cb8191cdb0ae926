import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import which from 'which'
import { freePort } from '../../dev/freePort.ts'
import { endOf, startOwnedProcess } from '../../dev/ownedProcess.ts'

/** A program that the bench needs is not on this machine; the message says what to install. */
class ProgramMissingError extends Error {
  override readonly name = 'ProgramMissingError'
}

const LEASH = fileURLToPath(new URL('../../dev/leash.ts', import.meta.url))
const START_MS = 10_000
const STOP_MS = 2_000

export async function findRedis(): Promise<string | null> {
  return await which('redis-server', { nothrow: true })
}

/** A Redis of its own that keeps nothing on disk. Throws {@link ProgramMissingError}. */
export async function startRedis(dir: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const program = await findRedis()
  if (program === null) {
    throw new ProgramMissingError(
      'The loop and BullMQ need redis-server, which was not found on PATH. Install it: `apt install redis-server`, `brew install redis`.',
    )
  }
  const port = await freePort()
  const server = await startOwnedProcess({
    name: 'redis-server',
    command: process.execPath,
    args: [
      LEASH,
      program,
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      dir,
    ],
  })
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 50 })
  // It is not up yet; the ping below tells.
  redis.on('error', () => {})
  const died = server.ended.then(end => {
    throw new Error([endOf(end), ...end.tail].join('\n'))
  })
  try {
    const late = new AbortController()
    const timeUp = setTimeout(START_MS, undefined, { signal: late.signal }).then(() => {
      throw new Error(`redis-server did not answer within ${START_MS} ms`)
    })
    timeUp.catch(() => {})
    died.catch(() => {})
    await Promise.race([redis.ping(), died, timeUp])
    late.abort()
  } catch (error) {
    await server.stop(0)
    throw error
  } finally {
    redis.disconnect()
  }
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.stop(STOP_MS) }
}
