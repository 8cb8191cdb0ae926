import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { FailureCode } from '../../../jobs/failures.ts'

/** A server of reference pictures, as it behaves once a request has come. `{hidden}` stands for what nothing may ever reach. */
export interface HostileServer {
  name: string
  ends: readonly FailureCode[]
  /** It ends when the visitor's patience does. */
  stalls?: true
  answer: (socket: Socket, place: { hidden: string; own: string }) => void
}

const UNREACHABLE = ['reference_unreachable'] as const
const FORBIDDEN = ['reference_forbidden'] as const
const TOO_LARGE = ['reference_too_large'] as const
const NOT_IMAGE = ['reference_not_image'] as const

const head = (status: string, ...lines: string[]) => [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n')
const says = (name: string, ends: readonly FailureCode[], ...parts: (string | Buffer)[]): HostileServer => ({
  name,
  ends,
  answer(socket) {
    for (const part of parts) socket.write(part)
    socket.end()
  },
})
const redirects = (name: string, ends: readonly FailureCode[], location: string): HostileServer => ({
  name,
  ends,
  answer: (socket, { hidden, own }) =>
    void socket.end(
      head(
        '302 Found',
        `location: ${location.replaceAll('{hidden}', hidden).replaceAll('{own}', own)}`,
        'content-length: 0',
      ),
    ),
})

/** Writes again and again until the other side has had enough. */
function endlessly(socket: Socket, first: string, piece: string | Buffer, everyMs: number): void {
  socket.write(first)
  const timer = setInterval(() => socket.writableNeedDrain || socket.write(piece), everyMs)
  socket.once('close', () => clearInterval(timer))
}

const noughts = Buffer.alloc(30 * 2 ** 20)

export const HOSTILE_SERVERS: readonly HostileServer[] = [
  redirects('sends on to loopback', FORBIDDEN, 'http://{hidden}/'),
  redirects('sends on to loopback by number', FORBIDDEN, 'http://2130706433/'),
  redirects('sends on to metadata', FORBIDDEN, 'http://169.254.169.254/latest/meta-data/'),
  redirects('sends on to a name of loopback', FORBIDDEN, 'http://loopback.example/'),
  redirects('sends on to a file', FORBIDDEN, 'file:///etc/passwd'),
  redirects('sends on to data', FORBIDDEN, 'data:image/png;base64,iVBORw0KGgo='),
  redirects('sends on with a password', FORBIDDEN, 'http://user:secret@{own}/'),
  redirects('sends on without a scheme', FORBIDDEN, '//{hidden}/'),
  redirects('sends on to backslashes', FORBIDDEN, '\\\\{hidden}\\x'),
  redirects('sends on to no address', FORBIDDEN, 'http://['),
  redirects('sends on in a circle', UNREACHABLE, 'http://{own}/sends%20on%20in%20a%20circle'),
  says('sends on to nowhere', UNREACHABLE, head('301 Moved', 'content-length: 0')),
  says('sends on with a body', UNREACHABLE, head('300 Choose', 'content-length: 5'), 'which'),
  says('is no HTTP', UNREACHABLE, 'SSH-2.0-OpenSSH_9.9\r\n'),
  says('is binary', UNREACHABLE, randomBytes(2000)),
  says('ends at once', UNREACHABLE),
  says('ends in its head', UNREACHABLE, 'HTTP/1.1 200 OK\r\ncontent-le'),
  says('has a status of its own', UNREACHABLE, head('999 Odd', 'content-length: 0')),
  says('has a status of four digits', UNREACHABLE, head('2000 OK', 'content-length: 0')),
  says('switches protocols', UNREACHABLE, head('101 Switching', 'upgrade: websocket', 'connection: upgrade')),
  says('has two lengths', UNREACHABLE, head('200 OK', 'content-length: 3', 'content-length: 4'), 'abcd'),
  says('has a length below nought', UNREACHABLE, head('200 OK', 'content-length: -1'), 'x'),
  says(
    'has both length and chunks',
    UNREACHABLE,
    head('200 OK', 'content-length: 3', 'transfer-encoding: chunked'),
    'abc',
  ),
  says(
    'has a chunk that is none',
    UNREACHABLE,
    head('200 OK', 'transfer-encoding: chunked'),
    'zz\r\nabc\r\n',
  ),
  says('promises more than it sends', UNREACHABLE, head('200 OK', 'content-length: 500'), 'half'),
  says('announces 10 GB', TOO_LARGE, head('200 OK', 'content-length: 10000000000'), 'x'),
  says('says nothing and is well', NOT_IMAGE, head('204 No Content')),
  says(
    'says that a page is a picture',
    NOT_IMAGE,
    head('200 OK', 'content-type: image/png'),
    '<!doctype html>',
  ),
  says('packs 30 MB with gzip', TOO_LARGE, head('200 OK', 'content-encoding: gzip'), gzipSync(noughts)),
  says(
    'packs 30 MB with brotli',
    TOO_LARGE,
    head('200 OK', 'content-encoding: br'),
    brotliCompressSync(noughts),
  ),
  says(
    'packs 30 MB with deflate',
    TOO_LARGE,
    head('200 OK', 'content-encoding: deflate'),
    deflateSync(noughts),
  ),
  says('packs twice', NOT_IMAGE, head('200 OK', 'content-encoding: gzip, gzip'), gzipSync(gzipSync(noughts))),
  says('packs in its own way', NOT_IMAGE, head('200 OK', `content-encoding: ${'x'.repeat(3000)}`), 'x'),
  says('says packed and is not', UNREACHABLE, head('200 OK', 'content-encoding: gzip'), 'not packed'),
  says(
    'needs a password',
    FORBIDDEN,
    head('401 No', 'www-authenticate: Basic realm="x"', 'content-length: 0'),
  ),
  says(
    'says when to come again',
    UNREACHABLE,
    head('503 Later', 'retry-after: 99999999999', 'content-length: 0'),
  ),
  says('has a head of 100 kB', UNREACHABLE, head('200 OK', `x: ${'y'.repeat(100_000)}`, 'content-length: 0')),
  says(
    'has 5,000 lines of head',
    UNREACHABLE,
    head('200 OK', ...Array.from({ length: 5000 }, (_, n) => `x-${n}: y`)),
  ),
  {
    name: 'never answers',
    stalls: true,
    ends: UNREACHABLE,
    answer: () => {},
  },
  {
    name: 'breaks off in its body',
    ends: UNREACHABLE,
    answer(socket) {
      socket.write(`${head('200 OK', 'content-length: 5000')}half`, () => socket.resetAndDestroy())
    },
  },
  {
    name: 'says its head letter by letter',
    stalls: true,
    ends: UNREACHABLE,
    answer: socket => endlessly(socket, 'HTTP/1.1 200 OK\r\nx: ', 'y', 20),
  },
  {
    name: 'says that it goes on, without end',
    stalls: true,
    ends: UNREACHABLE,
    answer: socket => endlessly(socket, '', head('103 Early Hints', 'link: <x>').repeat(50), 1),
  },
  {
    name: 'drips its body',
    stalls: true,
    ends: UNREACHABLE,
    answer: socket => endlessly(socket, head('200 OK'), 'x', 20),
  },
  {
    name: 'has a body without end',
    ends: TOO_LARGE,
    answer: socket => endlessly(socket, head('200 OK', 'content-type: image/png'), Buffer.alloc(2 ** 20), 1),
  },
]
