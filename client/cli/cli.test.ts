import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { type Harness, payloadFor, startForgotten, startHarness } from '../imitation/harness.ts'
import { withDevStack } from './devStack.ts'
import { runCli } from './runCli.ts'

let harness: Harness
let directory: string

beforeAll(async () => {
  harness = await startHarness()
  directory = await mkdtemp(join(tmpdir(), 'cli-'))
}, 60_000)

afterAll(async () => {
  await harness?.stop()
  await rm(directory, { recursive: true })
})

interface Run {
  env?: Record<string, string>
  stdin?: string
  tty?: boolean
}

const here = () => ({
  TEMPORAL_ADDRESS: harness.env.address,
  TASK_QUEUE_PREFIX: harness.queuePrefix,
  DATA_DIR: directory,
})

async function ourvidz(args: string[], { env, stdin = '', tty = false }: Run = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const exitCode = await runCli(args, {
    stdin: Readable.from([stdin]),
    stdout: tty ? Object.assign(stdout, { isTTY: true, columns: 100, rows: 10 }) : stdout,
    stderr,
    interrupted: new AbortController().signal,
    readEnv: () => env ?? here(),
  })
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

async function file(content: unknown): Promise<string> {
  const path = join(directory, `${Math.random()}.json`)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

it('submits, waits and tells the outcome in plain lines', async () => {
  const [good, bad] = [payloadFor('complete'), payloadFor('fail')]
  const done = await ourvidz(['submit', await file(good), '--wait'])
  expect(done).toMatchObject({ exitCode: 0, stderr: '' })
  expect(done.stdout).toMatch(`${good.id} submitted\n`)
  expect(done.stdout).toMatch(`${good.id} completed u/j/0.png\n`)
  const failed = await ourvidz(['submit', '-', '--wait'], { stdin: JSON.stringify([good, bad]) })
  expect(failed.exitCode).toBe(1)
  expect(failed.stdout).toMatch(`${good.id} submitted before, completed\n`)
  expect(failed.stdout).toMatch(`${bad.id} failed out_of_memory: no room\n`)
})

it('draws a bar per job on a terminal', async () => {
  const beats = [{ phase: 'rendering', step: 5, total: 10, held: true }]
  const payloads = [payloadFor('render', { beats }), payloadFor('render', { beats })]
  const { exitCode, stdout } = await ourvidz(['submit', await file(payloads), '--wait'], { tty: true })
  expect(exitCode).toBe(0)
  const shown = stripVTControlCharacters(stdout)
  for (const { id } of payloads) {
    expect(shown).toMatch(
      new RegExp(`${id.slice(0, 8)}  sdxl_image_fast +  █{10}░{10}  +\\d:\\d\\d  rendering 5/10`),
    )
    expect(shown).toMatch(`✔ ${id}  completed`)
  }
})

it('writes one JSON object per line where asked to', async () => {
  const payload = payloadFor('complete')
  const { stdout } = await ourvidz(['submit', await file(payload), '--wait', '--json'])
  const lines: unknown[] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines[0]).toEqual({ jobId: payload.id, created: true, status: 'queued' })
  expect(lines.at(-1)).toMatchObject({ jobId: payload.id, status: 'completed', outcome: { seed: 7 } })
  const status = await ourvidz(['status', payload.id, '--json'])
  expect(JSON.parse(status.stdout)).toEqual(lines.at(-1))
  const human = await ourvidz(['status', payload.id])
  expect(human.stdout).toMatch(/^status +completed$/m)
  expect(human.stdout).toMatch(/^asset 0 +sdxl_image_fast\/u\/j\/0.png$/m)
})

it('cancels, lists and delivers again', async () => {
  const payload = payloadFor('hang')
  await ourvidz(['submit', await file(payload)])
  expect(await ourvidz(['redeliver', payload.id])).toMatchObject({ exitCode: 5 })
  const cancelled = await ourvidz(['cancel', payload.id, '--reason', 'a test'])
  expect(cancelled).toMatchObject({ exitCode: 0, stdout: `${payload.id} cancellation requested\n` })
  expect(await ourvidz(['watch', payload.id])).toMatchObject({ exitCode: 1 })
  const list = async () => (await ourvidz(['list', '--user', payload.user_id])).stdout
  await expect
    .poll(list, { timeout: 10_000, interval: 500 })
    .toMatch(new RegExp(`^${payload.id} +canceled`, 'm'))
  expect(await ourvidz(['redeliver', payload.id])).toMatchObject({ exitCode: 0 })
})

it('says where a list goes on, beside it, and of which jobs the callback alone is left', async () => {
  const { client } = harness.env
  const userId = randomUUID()
  const ids = [await startForgotten(harness, userId), await startForgotten(harness, userId)]
  for (const id of ids) await client.workflow.getHandle(workflowIds.callback(id)).terminate()
  const list = (...args: string[]) => ourvidz(['list', '--undelivered', '--user', userId, ...args])
  const forgotten = new RegExp(`^${ids[0]} +past retention +- +${userId} +undelivered`, 'm')
  await expect.poll(async () => (await list()).stdout, { timeout: 20_000, interval: 500 }).toMatch(forgotten)
  await expect
    .poll(async () => (await list('--json')).stdout.trim().split('\n').length, {
      timeout: 10_000,
      interval: 500,
    })
    .toBe(2)
  expect((await list()).stderr).toBe('')
  const one = await list('--json', '--limit', '1')
  expect([one.stdout.trim().split('\n').length, one.stderr]).toEqual([1, 'more: --limit 1000\n'])
  expect(await list('--limit', '0')).toMatchObject({ exitCode: 2 })
  expect(await list('--limit', '1001')).toMatchObject({ exitCode: 2 })
})

it('passes a simulated failure on', async () => {
  const payload = payloadFor('complete')
  const twice = [
    await file(payload),
    await file({ ...payload, metadata: { ...payload.metadata, simulate: 'gpu_error' } }),
  ]
  await ourvidz(['submit', String(twice[0]), '--simulate', 'gpu_error'])
  expect((await ourvidz(['submit', String(twice[1])])).stdout).toMatch('submitted before')
})

it('says in one line what is wrong, with an exit code for each kind', async () => {
  const payload = payloadFor('complete')
  await ourvidz(['submit', await file(payload)])
  const missing = '00000000-0000-4000-8000-000000000000'
  const wrong: [string[], number, string][] = [
    [['submit', await file({ ...payload, prompt: 'a red bicycle' })], 5, 'exists already'],
    [['submit', await file({ ...payload, id: 7 })], 2, 'id must be a UUID; it is 7.'],
    [['submit', await file('{')], 2, 'holds no JSON'],
    [['submit', join(directory, 'nothing.json')], 2, 'there is no such file'],
    [['status', missing], 4, `There is no job ${missing}.`],
    [['watch', missing], 4, `There is no job ${missing}.`],
    [['cancel', 'x'], 2, 'must be a UUID'],
    [['list', '--limit', 'many'], 2, 'whole number'],
    [['list', '--status', 'done'], 2, 'Allowed choices'],
    [['submitt'], 2, 'Did you mean submit?'],
  ]
  for (const [args, exitCode, message] of wrong) {
    const run = await ourvidz(args)
    expect([args, run.exitCode, run.stdout]).toEqual([args, exitCode, ''])
    expect(run.stderr).toContain(message)
    expect(run.stderr).not.toMatch(/^ +at /m)
  }
})

it('goes on after one payload of several was refused', async () => {
  const payload = payloadFor('complete')
  const { exitCode, stdout, stderr } = await ourvidz(['submit', await file([{}, payload])])
  expect(exitCode).toBe(2)
  expect(stdout).toBe(`${payload.id} submitted\n`)
  expect(stderr).toMatch(/\[0\]: id must be a UUID/)
})

it('says what to do when Temporal is not there, and which variable is wrong', async () => {
  const nobody = await ourvidz(['list'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1', DATA_DIR: directory } })
  expect(nobody.exitCode).toBe(3)
  expect(nobody.stderr).toMatch(/Cannot reach Temporal at 127.0.0.1:1 .*npm run dev.*TEMPORAL_ADDRESS/)
  expect(nobody.stderr.trim().split('\n')).toHaveLength(1)
  const wrong = await ourvidz(['list'], { env: { TEMPORAL_ADDRESS: 'http://x' } })
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('TEMPORAL_ADDRESS') })
}, 20_000)

it('finds the development stack that runs on other ports', async () => {
  const stack = {
    temporalAddress: harness.env.address,
    namespace: 'default',
    queuePrefix: harness.queuePrefix,
  }
  const write = (pid: number) => writeFile(join(directory, 'dev.json'), JSON.stringify({ ...stack, pid }))
  await write(process.pid)
  const payload = payloadFor('complete')
  // The rest of a `.env` that is meant for Compose.
  const env = {
    DATA_DIR: directory,
    TEMPORAL_NAMESPACE: 'ourvidz',
    TEMPORAL_API_KEY: 'of another server',
    TEMPORAL_UI_URL: 'http://127.0.0.1:8080',
    TASK_QUEUE_PREFIX: 'real-',
    HOST_ID: 'gpu-1',
  }
  expect(await ourvidz(['submit', await file(payload), '--wait'], { env })).toMatchObject({ exitCode: 0 })
  expect(withDevStack(env)).toMatchObject({ TEMPORAL_UI_URL: undefined, HOST_ID: 'dev' })
  const elsewhere = { ...env, TEMPORAL_ADDRESS: 'temporal.example:7233' }
  expect(withDevStack(elsewhere)).toEqual(elsewhere)
  const gone = spawn(process.execPath, ['-e', ''])
  await once(gone, 'exit')
  await write(gone.pid ?? 0)
  expect(withDevStack(env)).toEqual(env)
})

it('explains itself', async () => {
  const help = await ourvidz(['--help'])
  expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/Examples:.*Exit codes:/s) })
  expect(await ourvidz(['submit', '--help'])).toMatchObject({ stdout: expect.stringContaining('Examples:') })
  expect((await ourvidz(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

it('leaves the jobs running on Ctrl-C', async () => {
  const payload = payloadFor('hang')
  await ourvidz(['submit', await file(payload)])
  const script = fileURLToPath(new URL('../../bin/ourvidz.ts', import.meta.url))
  const child = spawn(process.execPath, [script, 'watch', payload.id], {
    cwd: directory,
    env: { ...process.env, ...here() },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  const told = once(child.stderr, 'data')
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(String(await told)).toMatch(/^Interrupted\. The jobs go on/)
  expect(await exited).toEqual([130, null])
  expect((await ourvidz(['status', payload.id])).stdout).toMatch(/^status +processing$/m)
  await ourvidz(['cancel', payload.id])
}, 20_000)
