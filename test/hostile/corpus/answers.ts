import type { Socket } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { DeliveryReport } from '../../../activities/deliveryReport.ts'

/** A receiver of callbacks, as it behaves once a callback has come. `sent` is the request as it came, head and all. */
export interface HostileReceiver {
  name: string
  /** `unknown`: it may have taken it over. Nothing but a clear success is `delivered`. */
  ends: readonly DeliveryReport['delivery'][]
  stalls?: true
  answer: (socket: Socket, place: { hidden: string; sent: string }) => void
}

const FAILED = ['failed'] as const
const UNKNOWN = ['unknown'] as const
const NOT_TAKEN = ['failed', 'unknown'] as const

const head = (status: string, ...lines: string[]) => [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n')
const json = (status: string, body: string) =>
  head(status, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`) + body
const says = (
  name: string,
  ends: HostileReceiver['ends'],
  ...parts: (string | Buffer)[]
): HostileReceiver => ({
  name,
  ends,
  answer(socket) {
    for (const part of parts) socket.write(part)
    socket.end()
  },
})
const stalls = (name: string, first: string, piece: string, everyMs = 20): HostileReceiver => ({
  name,
  ends: UNKNOWN,
  stalls: true,
  answer(socket) {
    socket.write(first)
    const timer = setInterval(() => socket.writableNeedDrain || socket.write(piece), everyMs)
    socket.once('close', () => clearInterval(timer))
  },
})
/** Repeats what it was sent as its error. */
const repeats = (name: string, status: string, what: (sent: string) => unknown): HostileReceiver => ({
  name,
  ends: FAILED,
  answer: (socket, { sent }) =>
    void socket.end(json(status, JSON.stringify({ error: what(sent), success: false }))),
})

const noughts = Buffer.alloc(40 * 2 ** 20)
const success = JSON.stringify({ success: true })

export const HOSTILE_RECEIVERS: readonly HostileReceiver[] = [
  says('takes it', ['delivered'], json('200 OK', success)),
  says(
    'takes it and says what nobody asked',
    ['delivered'],
    json('200 OK', '{"success":true,"__proto__":{"polluted":1},"error":"x"}'),
  ),
  says('is well and refuses', FAILED, json('200 OK', '{"success":false,"error":"no"}')),
  says('is well and says nothing', FAILED, head('200 OK', 'content-length: 0')),
  says('is well with a page', FAILED, json('200 OK', '<!doctype html>success: true')),
  says('succeeds as text', FAILED, json('200 OK', '{"success":"true"}')),
  says('succeeds in a prototype', FAILED, json('200 OK', '{"__proto__":{"success":true}}')),
  says('succeeds in a list', FAILED, json('200 OK', '[{"success":true}]')),
  says('succeeds as created', FAILED, json('201 Created', success)),
  says('succeeds without content', FAILED, head('204 No Content')),
  says('answers nothing in JSON', FAILED, json('400 Bad', 'null')),
  says('answers 60,000 lists in one another', FAILED, json('400 Bad', '['.repeat(60_000))),
  says('has an error that is no text', FAILED, json('400 Bad', '{"error":{"toString":null,"valueOf":1}}')),
  says(
    'has an error of control characters',
    FAILED,
    json('500 Bad', '{"error":"\\u001b[2J\\u0000\\n{\\"level\\":\\"fatal\\"}\\u202e"}'),
  ),
  says('has an error of 60 kB', FAILED, json('500 Bad', JSON.stringify({ error: 'x'.repeat(60_000) }))),
  says(
    'says when to come again',
    FAILED,
    head('503 Later', 'retry-after: 99999999999999', 'content-length: 0'),
  ),
  says(
    'asks for a password',
    FAILED,
    head('401 No', 'www-authenticate: Basic realm="x"', 'content-length: 0'),
  ),
  says('is gone', ['refused'], json('410 Gone', '{"error":"gone"}')),
  says(
    'succeeds at great length',
    NOT_TAKEN,
    json('200 OK', `{"success":true,"x":"${'y'.repeat(2_000_000)}"}`),
  ),
  says('packs 40 MB with gzip', NOT_TAKEN, head('200 OK', 'content-encoding: gzip'), gzipSync(noughts)),
  says(
    'packs 40 MB with brotli',
    NOT_TAKEN,
    head('200 OK', 'content-encoding: br'),
    brotliCompressSync(noughts),
  ),
  says(
    'packs fifty times',
    NOT_TAKEN,
    head('200 OK', `content-encoding: ${Array.from({ length: 50 }, () => 'gzip').join(', ')}`),
    gzipSync(noughts),
  ),
  says('says packed and is not', NOT_TAKEN, head('200 OK', 'content-encoding: gzip'), success),
  says('is no HTTP', UNKNOWN, 'SSH-2.0-OpenSSH_9.9\r\n'),
  says('ends at once', UNKNOWN),
  says('ends in its head', UNKNOWN, 'HTTP/1.1 200 OK\r\ncontent-le'),
  says('promises more than it sends', UNKNOWN, head('200 OK', 'content-length: 500'), success),
  says('has two lengths', UNKNOWN, head('200 OK', 'content-length: 3', 'content-length: 4'), success),
  says('has a chunk that is none', UNKNOWN, head('200 OK', 'transfer-encoding: chunked'), 'zz\r\nabc\r\n'),
  says('switches protocols', NOT_TAKEN, head('101 Switching', 'upgrade: websocket', 'connection: upgrade')),
  says('has a status of its own', NOT_TAKEN, head('999 Odd', 'content-length: 0')),
  says('has a head of 100 kB', UNKNOWN, head('200 OK', `x: ${'y'.repeat(100_000)}`, 'content-length: 0')),
  says('answers twice', FAILED, json('400 Bad', '{"error":"first"}'), json('200 OK', success)),
  {
    name: 'sends on to what is hidden',
    ends: FAILED,
    answer: (socket, { hidden }) =>
      void socket.end(head('307 On', `location: http://${hidden}/`, 'content-length: 0')),
  },
  {
    name: 'sends on in a circle',
    ends: FAILED,
    answer: socket => void socket.end(head('308 On', 'location: /', 'content-length: 0')),
  },
  {
    name: 'breaks off in its body',
    ends: UNKNOWN,
    answer: socket =>
      void socket.write(head('200 OK', 'content-length: 50') + success, () => socket.resetAndDestroy()),
  },
  { name: 'never answers', ends: UNKNOWN, stalls: true, answer: () => {} },
  stalls('says its head letter by letter', 'HTTP/1.1 200 OK\r\nx: ', 'y'),
  stalls('drips its body', head('200 OK', 'content-length: 60000'), ' '),
  stalls('says that it goes on, without end', '', head('103 Early Hints', 'link: <x>').repeat(50), 1),
  {
    name: 'has a body without end',
    ends: NOT_TAKEN,
    answer(socket) {
      socket.write(head('200 OK'))
      const timer = setInterval(() => socket.writableNeedDrain || socket.write(' '.repeat(2 ** 20)), 1)
      socket.once('close', () => clearInterval(timer))
    },
  },
  repeats('repeats the whole request', '400 Bad', sent => sent),
  repeats('repeats where it was sent', '400 Bad', sent => `${sent.split(' HTTP/')[0]}: bad`),
  repeats(
    'repeats what its address asks',
    '400 Bad',
    sent =>
      `got ${/code=([^& ]*)/.exec(sent)?.[1]} and ${decodeURIComponent(/code=([^& ]*)/.exec(sent)?.[1] ?? '')}`,
  ),
  repeats('repeats its token', '403 No', sent => /authorization: (.*)\r/i.exec(sent)?.[1]),
  repeats(
    'repeats its token without its kind',
    '403 No',
    sent => `not ${/authorization: Bearer (.*)\r/i.exec(sent)?.[1]}`,
  ),
  repeats('repeats the body', '500 Bad', sent => sent.split('\r\n\r\n')[1]),
  repeats('repeats the body as an object', '500 Bad', sent => JSON.parse(sent.split('\r\n\r\n')[1] ?? '')),
  repeats(
    'repeats an address',
    '400 Bad',
    sent => `cannot fetch ${/"reference_image_url":"([^"]*)/.exec(sent)?.[1]}`,
  ),
]
