import { connect, createServer, type Socket } from 'node:net'

/** `down`: refuses. `half-open`: accepts, and moves no byte either way, also of connections that are there. */
export type TcpMode = 'pass' | 'down' | 'half-open'

/** Stands between one process and Temporal. */
export interface TcpProxy {
  port: number
  set(mode: TcpMode): void
  close(): Promise<void>
}

const HOST = '127.0.0.1'

export async function startTcpProxy(target: () => number): Promise<TcpProxy> {
  let mode: TcpMode = 'pass'
  const pairs = new Set<{ near: Socket; far: Socket }>()

  const server = createServer(near => {
    near.on('error', () => near.destroy())
    if (mode === 'down') {
      near.resetAndDestroy()
      return
    }
    const far = connect(target(), HOST)
    far.on('error', () => near.destroy())
    near.setNoDelay(true)
    far.setNoDelay(true)
    const pair = { near, far }
    pairs.add(pair)
    near.once('close', () => {
      far.destroy()
      pairs.delete(pair)
    })
    far.once('close', () => near.destroy())
    near.pipe(far).pipe(near)
    if (mode === 'half-open') freeze(pair)
  })

  function freeze({ near, far }: { near: Socket; far: Socket }): void {
    near.unpipe(far)
    far.unpipe(near)
    near.pause()
    far.pause()
  }

  await new Promise<void>(resolve => server.listen(0, HOST, resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return {
    port: address.port,
    set(next) {
      mode = next
      for (const pair of pairs) {
        if (next === 'down') pair.near.resetAndDestroy()
        else if (next === 'half-open') freeze(pair)
        else pair.near.pipe(pair.far).pipe(pair.near)
      }
    },
    close: () =>
      new Promise(resolve => {
        for (const { near } of pairs) near.destroy()
        server.close(() => resolve())
      }),
  }
}
