import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endOf, startOwnedProcess } from '../../../dev/ownedProcess.ts'
import { type CardConnection, connectCard } from './client.ts'

export interface CardProgram {
  socket: string
  /** The bench's own, by which it reads the log of use. */
  connection: CardConnection
  stop(): Promise<void>
}

const STOP_MS = 1_000

/** Starts the simulated card as a process of its own: nothing that the others do delays the end of a computation. */
export async function startCardProgram(scale: number): Promise<CardProgram> {
  // Paths of sockets may not be long, and a folder of the bench may be deep.
  const folder = await mkdtemp(join(tmpdir(), 'card-'))
  const socket = join(folder, 'socket')
  const ready = Promise.withResolvers<void>()
  const card = await startOwnedProcess({
    name: 'simulated card',
    command: process.execPath,
    args: [fileURLToPath(new URL('./main.ts', import.meta.url)), socket, String(scale)],
    onLine: line => {
      if (line === 'ready') ready.resolve()
    },
  })
  void card.ended.then(end => ready.reject(new Error([endOf(end), ...end.tail].join('\n'))))
  const stop = async () => {
    await card.stop(STOP_MS)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await ready.promise
    const connection = await connectCard(socket, 'bench')
    return {
      socket,
      connection,
      async stop() {
        connection.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
