import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

/** A web server with the reference pictures, which can lose them: `gone` answers 404, `down` breaks the connection. */
export interface Pictures {
  /** `host:port`, as REFERENCE_ALLOW_HOSTS has it. */
  host: string
  names: readonly string[]
  bytesOf(name: string): Buffer
  urlOf(name: string): string
  set(mode: 'pass' | 'gone' | 'down'): void
  close(): Promise<void>
}

const FOLDER = new URL('../../../examples/pictures/', import.meta.url)

export async function servePictures(): Promise<Pictures> {
  let mode: 'pass' | 'gone' | 'down' = 'pass'
  const names = await readdir(FOLDER)
  const files = new Map<string, Buffer>()
  for (const name of names) files.set(name, await readFile(new URL(name, FOLDER)))
  const server = createServer((request, response) => {
    const bytes = files.get((request.url ?? '').slice(1))
    if (mode === 'down') request.socket.resetAndDestroy()
    else if (mode === 'gone' || bytes === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'image/png' }).end(bytes)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  const host = `127.0.0.1:${address.port}`
  return {
    host,
    names,
    bytesOf: name => files.get(name) ?? Buffer.alloc(0),
    urlOf: name => `http://${host}/${name}`,
    set(next) {
      mode = next
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
