import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSendCallback } from '../../activities/sendCallback.ts'
import type { CallbackEvent } from '../../jobs/callback.ts'
import { HOSTILE_RECEIVERS } from './corpus/answers.ts'
import { fuzz } from './fuzz.ts'
import { openRawServer } from './rawServer.ts'
import { watchSockets } from './socketWatch.ts'

const PROMPT = 'zyxlighthouse in the evening'
const QUERY = 'zyxqueryofanaddress'
const TOKEN = 'zyx.token/of+the=callback'
const SECRET = `whsec_${'enl4'.repeat(8)}`
/** In the callback's own address, as a function's key often is; and one that is no word by itself. */
const CODE = 'zyxcode%2Fof+the=function'
const JOB = '0190a1b2-c3d4-4e5f-8a6b-7c8d9e0f1a2b'

const event: CallbackEvent = {
  id: `evt_${JOB}_2`,
  sequence: 2,
  kind: 'terminal',
  body: {
    job_id: JOB,
    status: 'completed',
    assets: ['user/job/0.png'],
    enhancedPrompt: PROMPT,
    metadata: { reference_image_url: `https://pictures.example/x.png?download=${QUERY}` },
  },
}

function sender(host: string, timeoutMs: number) {
  const told: unknown[] = []
  const url = `http://${host}/functions/v1/job-callback?code=${CODE}&v=zyx`
  const send = createSendCallback({
    url,
    token: TOKEN,
    secret: SECRET,
    timeoutMs,
    toldSince: () => Promise.resolve(false),
    onDelivery: (_, report) => told.push(report),
  })
  return { send: () => send({ event }), told }
}

/** A report goes into histories and logs. */
function expectHarmless(report: { detail: string }): void {
  for (const secret of [PROMPT, QUERY, TOKEN, SECRET, 'zyx']) expect(report.detail).not.toContain(secret)
  expect(report.detail).toMatch(/^\P{Cc}*$/u)
  expect(report.detail.length).toBeLessThan(300)
}

test('every hostile receiver is reported, in time, without what it was sent', async () => {
  const hidden = await openRawServer(socket => void socket.end())
  const { dialled } = watchSockets()
  const roomMiB = process.resourceUsage().maxRSS / 1024 + 300
  const servers = new Set<string>()
  const otherwise = await Promise.all(
    HOSTILE_RECEIVERS.map(async ({ name, ends, stalls, answer }) => {
      const server = await openRawServer((socket, _, sent) => answer(socket, { hidden: hidden.host, sent }))
      servers.add(server.host)
      const { send, told } = sender(server.host, stalls ? 400 : 30_000)
      const report = await send()
      expect(told).toEqual([report])
      expectHarmless(report)
      return ends.some(end => end === report.delivery) ? [] : [`${name}: ${JSON.stringify(report)}`]
    }),
  )
  expect(otherwise.flat()).toEqual([])
  expect(new Set(dialled)).toEqual(servers)
  expect(hidden.connections()).toBe(0)
  expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(roomMiB)
  expect('polluted' in {}).toBe(false)
})

test('answers of any bytes are reported, and are no delivery', async () => {
  let answer: Uint8Array = Buffer.alloc(0)
  const server = await openRawServer(socket => void socket.end(answer))
  const { send } = sender(server.host, 2_000)
  const line = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 302 Found',
      'HTTP/1.1 100',
      'location: http://169.254.169.254/',
      'content-length: 16',
      'content-length: 1e9',
    ),
    fc.constantFrom(
      'transfer-encoding: chunked',
      'content-encoding: br',
      'connection: upgrade',
      '',
      '',
      '10',
      '{"success":false}',
      `{"error":"${PROMPT}"}`,
    ),
    fc.string({ maxLength: 30 }),
  )
  const text = fc.array(line, { maxLength: 8 }).map(lines => Buffer.from(lines.join('\r\n')))
  const status = fc
    .tuple(fc.constantFrom('200', '400', '410', '502'), text)
    .map(([code, rest]) => Buffer.concat([Buffer.from(`HTTP/1.1 ${code} X\r\n`), rest]))
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, status, fc.uint8Array({ maxLength: 300 })), async bytes => {
      answer = bytes
      const report = await send()
      expectHarmless(report)
      expect(report.delivery).not.toBe('delivered')
    }),
    fuzz(150),
  )
})
