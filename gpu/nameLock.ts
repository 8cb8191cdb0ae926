import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

export interface NameLock {
  release(): void
}

const owner = z.object({ pid: z.int(), host: z.string(), since: z.string() })
export type Owner = z.infer<typeof owner>

const ANSWER_MS = 1000

/**
 * Takes a name that no other process of this network namespace can have at the same time, whoever's it is; null where one has it.
 * It is a socket that listens in Linux's abstract namespace: no file and no rights are needed, and the kernel frees it when this
 * process dies, however that happens. It tells who has it to those that ask.
 */
export async function tryNameLock(name: string): Promise<NameLock | null> {
  const since = new Date().toISOString()
  const server = createServer(socket => {
    socket.on('error', () => {}) // whoever asked is gone
    socket.end(JSON.stringify({ pid: process.pid, host: hostname(), since } satisfies Owner))
  })
  server.unref()
  server.listen({ path: abstract(name), exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null
    throw error
  }
  return { release: () => void server.close() }
}

/** Who has a name; null if nobody says so: the holder is stopped, or has just died. The pid is of the holder's own namespace. */
export async function askOwner(name: string): Promise<Owner | null> {
  const socket = connect(abstract(name))
  let said = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const ended = once(socket, 'close').catch(() => {})
  await Promise.race([ended, sleep(ANSWER_MS, null, { ref: false })])
  socket.destroy()
  try {
    return owner.parse(JSON.parse(said))
  } catch {
    return null
  }
}

const abstract = (name: string) => `\0${name}`
