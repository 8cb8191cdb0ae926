import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import send from 'send'
import { leadsThroughLink } from './linkedPath.ts'
import { isObjectRef } from './objectRef.ts'
import { isSignatureOf } from './urlSignature.ts'

export interface StoreServer {
  /** Port 0 takes a free one. Gives the URL that the directory store needs. */
  listen(port: number, host: string): Promise<{ url: string; port: number }>
  close(): Promise<void>
}

/** Serves the signed URLs of a directory store: GET and HEAD, with ranges, so that a browser can seek in a video. */
export function createStoreServer(options: { directory: string; signingKey: string }): StoreServer {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => refuse(response, 500, 'the object could not be read'))
  })
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          const address = server.address()
          const taken = typeof address === 'object' && address !== null ? address.port : port
          resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`, port: taken })
        })
      }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { directory, signingKey }: { directory: string; signingKey: string },
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    refuse(response, 405, 'only GET and HEAD are served')
    return
  }
  const url = parseRequest(request.url ?? '')
  if (url === null) {
    refuse(response, 404, 'no such object')
    return
  }
  const { objectPath, expires, signature } = url
  if (!isSignatureOf(signature, signingKey, objectPath, expires)) {
    refuse(response, 403, 'the signature does not match: ask for a new link')
    return
  }
  if (expires * 1000 < Date.now()) {
    refuse(response, 403, 'this link has expired: ask for a new one')
    return
  }

  const [bucket = '', ...path] = objectPath.split('/')
  if (await leadsThroughLink(join(directory, bucket), path.join('/'))) {
    refuse(response, 404, 'no such object')
    return
  }

  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('access-control-allow-origin', '*')
  send(request, encodeURI(`/${objectPath}`), {
    root: directory,
    index: false,
    dotfiles: 'deny',
    cacheControl: false,
  })
    .on('error', (error: { status?: number }) => refuse(response, error.status ?? 500, 'no such object'))
    .on('directory', () => refuse(response, 404, 'no such object'))
    .pipe(response)
}

/** The object and signature that a URL names; null for what names no object. */
function parseRequest(target: string): { objectPath: string; expires: number; signature: string } | null {
  const url = URL.parse(target, 'http://store')
  if (url === null) return null
  const objectPath = decode(url.pathname.slice(1))
  const slash = objectPath.indexOf('/')
  if (!isObjectRef({ bucket: objectPath.slice(0, slash), path: objectPath.slice(slash + 1) })) return null
  const expires = Number(url.searchParams.get('expires') ?? Number.NaN)
  return { objectPath, expires, signature: url.searchParams.get('signature') ?? '' }
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return ''
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const text = status === 416 ? 'that range is not in the file' : message
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}
