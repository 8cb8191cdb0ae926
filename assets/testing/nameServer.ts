import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { onTestFinished } from 'vitest'

const NXDOMAIN = 3
const TYPES: Record<number, 'A' | 'AAAA'> = { 1: 'A', 28: 'AAAA' }

/** What a name server says of a name: addresses of a type, that there is no such name, or nothing at all. */
type Answer = (name: string, type: 'A' | 'AAAA') => string[] | 'no such name' | 'silence'

/** A name server on loopback, until the test ends. `asked` are the questions that reached it, as `A pictures.example`. */
export async function openNameServer(answer: Answer): Promise<{ server: string; asked: string[] }> {
  const asked: string[] = []
  const socket = createSocket('udp4').on('message', (query, from) => {
    const { name, end } = nameIn(query)
    const type = TYPES[query.readUInt16BE(end)] ?? 'A'
    asked.push(`${type} ${name}`)
    const given = answer(name, type)
    if (given === 'silence') return
    const addresses = given === 'no such name' ? [] : given
    const question = query.subarray(12, end + 4)
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x8180 + (given === 'no such name' ? NXDOMAIN : 0), 2) // an answer, by recursion
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(addresses.length, 6)
    socket.send(Buffer.concat([header, question, ...addresses.map(recordOf)]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return { server: `127.0.0.1:${socket.address().port}`, asked }
}

/** The name asked for, and where it ends in the query. */
function nameIn(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), end: at + 1 }
}

/** A resource record of the name that was asked for, good for a minute. */
function recordOf(address: string): Buffer {
  const six = isIPv6(address)
  const bytes = six
    ? address.split(':').flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    : address.split('.').map(Number)
  return Buffer.from([0xc0, 12, 0, six ? 28 : 1, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes])
}
