import { randomUUID } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payloadOf } from '../workflows/payloads.ts'
import { type CommandEnd, type DevProcess, startDevProcess } from './devProcess.ts'
import { deliveriesOf, lastLines } from './records.ts'

const LIMIT_MS = 60_000
const SETTLED = { timeout: 20_000, interval: 200 }

let dev: DevProcess

beforeAll(async () => {
  dev = await startDevProcess()
}, 90_000)

afterAll(() => dev?.stop())

async function fileOf(content: unknown): Promise<string> {
  const file = join(dev.dataDir, `${randomUUID()}.json`)
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

/** The callbacks of a job: what each said, and why it had failed. */
const callbacksOf = async (jobId: string) =>
  (await deliveriesOf(dev.dataDir, jobId)).map(({ body }) => [body.status, body.metadata.error_type])

test(
  'a pipe gets plain lines, from the payload on standard input to the path of the file',
  async () => {
    const payload = payloadOf()
    const stdin = JSON.stringify(payload)
    const { exitCode, stdout, stderr } = await dev.ourvidz(['submit', '-', '--wait'], { stdin })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what must not be there
    expect(stdout).not.toMatch(/[\u001b\r\u0008]/)
    const lines = stdout.split('\n')
    expect(lines[0]).toBe(`${payload.id} submitted`)
    expect(lines.at(-1)).toBe(`${payload.id} completed ${payload.user_id}/${payload.id}/0.png`)

    const again = await dev.ourvidz(['submit', '-', '--wait'], { stdin })
    expect(again.exitCode).toBe(0)
    expect(again.stdout.split('\n')[0]).toBe(`${payload.id} submitted before, completed`)
    const status = await dev.ourvidz(['status', payload.id])
    expect(status.stdout).toMatch(/^status +completed$/m)
    expect(status.stdout).toMatch(
      new RegExp(`^asset 0 +sdxl_image_fast/${payload.user_id}/${payload.id}/0.png$`, 'm'),
    )

    const conflict = await dev.ourvidz(['submit', '-'], {
      stdin: JSON.stringify({ ...payload, prompt: 'a red bicycle' }),
    })
    expect(conflict).toMatchObject({
      exitCode: 5,
      stdout: '',
      stderr: expect.stringContaining('exists already'),
    })
    // None of that has rendered or told anything twice.
    expect(await callbacksOf(payload.id)).toEqual([
      ['processing', undefined],
      ['completed', undefined],
    ])
  },
  LIMIT_MS,
)

test(
  'a failing job is exit code 1, on every way to learn of it',
  async () => {
    const payload = payloadOf({ type: 'image_fast' })
    const file = await fileOf(payload)
    const failed = await dev.ourvidz(['submit', file, '--wait', '--json', '--simulate', 'store_refused'])
    expect(failed.exitCode).toBe(1)
    expect(lastLines(failed.stdout).get(payload.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'store_refused' },
      assets: [],
    })
    const watched = await dev.ourvidz(['watch', payload.id])
    expect(watched).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('failed store_refused') })
    await expect
      .poll(() => callbacksOf(payload.id), SETTLED)
      .toEqual([
        ['processing', undefined],
        ['failed', 'store_refused'],
      ])
    expect(await readdir(dev.storeDir)).not.toContain('image_fast')

    const list = async () => {
      const { stdout } = await dev.ourvidz([
        'list',
        '--status',
        'failed',
        '--user',
        payload.user_id,
        '--json',
      ])
      return [...lastLines(stdout).values()]
    }
    await expect.poll(list, SETTLED).toMatchObject([{ jobId: payload.id, failureCode: 'store_refused' }])
  },
  LIMIT_MS,
)

test(
  'a job of several that fails does not keep the others from their end',
  async () => {
    const [good, bad] = [payloadOf(), payloadOf({ prompt: '' })]
    const { exitCode, stdout } = await dev.ourvidz(['submit', await fileOf([bad, good]), '--wait', '--json'])
    expect(exitCode).toBe(1)
    const ends = lastLines(stdout)
    expect(ends.get(good.id)).toMatchObject({ status: 'completed' })
    expect(ends.get(bad.id)).toMatchObject({ status: 'failed', failure: { code: 'invalid_job' } })
  },
  LIMIT_MS,
)

test(
  'a running job is cancelled, leaves no file and is told as canceled',
  async () => {
    const payload = payloadOf({ type: 'video_high', metadata: { simulate: 'slow' } })
    let cancelling: Promise<CommandEnd> | null = null
    const waited = await dev.ourvidz(['submit', await fileOf(payload), '--wait'], {
      onOutput(stdout) {
        if (stdout.includes('rendering'))
          cancelling ??= dev.ourvidz(['cancel', payload.id, '--reason', 'a test'])
      },
    })
    expect(await cancelling).toMatchObject({ exitCode: 0, stdout: `${payload.id} cancellation requested` })
    expect(waited).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`${payload.id} canceled`) })
    await expect
      .poll(() => callbacksOf(payload.id), SETTLED)
      .toEqual([
        ['processing', undefined],
        ['failed', 'canceled'],
      ])
    expect(await dev.ourvidz(['cancel', payload.id])).toMatchObject({
      exitCode: 0,
      stdout: `${payload.id} had ended before, canceled`,
    })
    expect(await readdir(dev.storeDir)).not.toContain('video_high')
  },
  LIMIT_MS,
)

test(
  'Ctrl-C leaves the waiting, not the job',
  async () => {
    const payload = payloadOf({ metadata: { simulate: 'slow' } })
    const { exitCode, stderr } = await dev.ourvidz(['submit', await fileOf(payload), '--wait'], {
      onOutput(stdout, kill) {
        if (stdout.includes('rendering')) kill('SIGINT')
      },
    })
    const leftMs = Date.now()
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: expect.stringContaining('The jobs go on') })
    const watched = await dev.ourvidz(['watch', payload.id, '--json'])
    expect(watched.exitCode).toBe(0)
    const end = lastLines(watched.stdout).get(payload.id)
    expect(end).toMatchObject({ status: 'completed' })
    expect(Date.parse(String(end?.closedAt))).toBeGreaterThan(leftMs)
  },
  LIMIT_MS,
)

test(
  'what is wrong is said on standard error, with its exit code',
  async () => {
    const missing = randomUUID()
    const wrong: [string[], number, string][] = [
      [['submit', await fileOf('{"id":')], 2, 'holds no JSON'],
      [['submit', await fileOf({ ...payloadOf(), id: 'a' })], 2, 'id must be a UUID'],
      [['list', '--colour'], 2, "unknown option '--colour'"],
      [['status', missing], 4, `There is no job ${missing}.`],
      [['cancel', missing], 4, `There is no job ${missing}.`],
    ]
    const runs = await Promise.all(wrong.map(([args]) => dev.ourvidz(args)))
    for (const [at, [args, exitCode, message]] of wrong.entries()) {
      expect([args, runs[at]?.exitCode, runs[at]?.stdout]).toEqual([args, exitCode, ''])
      expect(runs[at]?.stderr).toContain(message)
    }
  },
  LIMIT_MS,
)
