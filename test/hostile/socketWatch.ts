import { Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * Every address that this process dials while a test runs, as `ip:port`, told by the sockets themselves: whatever library
 * opened them, and whatever name or URL it was asked for.
 */
export function watchSockets(): { dialled: readonly string[] } {
  const dialled: string[] = []
  const original = Socket.prototype.connect
  function connect(this: Socket, ...args: unknown[]): Socket {
    this.on('connectionAttempt', (ip: string, port: number) => dialled.push(`${ip}:${port}`))
    return Reflect.apply(original, this, args)
  }
  Object.assign(Socket.prototype, { connect })
  onTestFinished(() => void Object.assign(Socket.prototype, { connect: original }))
  return { dialled }
}
