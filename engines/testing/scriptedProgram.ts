import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Lane } from '../../jobs/jobTypes.ts'
import { type Command, commandSchema, type EngineEvent, PROTOCOL_VERSION } from '../protocol.ts'

/**
 * An inference program for tests, that does what it is told: `argv[2]` says how it starts, a job's `simulate` how that job
 * goes. It keeps the protocol where its script does not say otherwise.
 */
type Generate = Extract<Command, { type: 'generate' }>

interface Running {
  id: string
  lane: Lane
  cancelled: boolean
  wake: () => void
}

const start = process.argv[2] ?? 'normal'
const running = new Map<string, Running>()
const awaitingGrant = new Map<Lane, () => void>()
const yieldAsked = new Set<Lane>()
let deaf = start === 'deaf'
let muted = false

process.on('SIGTERM', () => {
  if (!deaf) process.exit(143)
})

function write(line: string): void {
  if (!muted) process.stdout.write(`${line}\n`)
}

function say(event: EngineEvent): void {
  write(JSON.stringify(event))
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

class Cancelled extends Error {}

async function takeTurn(job: Running, ask: boolean): Promise<number> {
  const granted = new Promise<void>(resolve => {
    job.wake = resolve
    awaitingGrant.set(job.lane, resolve)
  })
  if (ask) say({ type: 'want', lane: job.lane, id: job.id })
  await granted
  awaitingGrant.delete(job.lane)
  if (job.cancelled) throw new Cancelled()
  return performance.now()
}

async function generate(command: Generate): Promise<void> {
  const job: Running = { id: command.id, lane: command.lane, cancelled: false, wake: () => {} }
  running.set(job.id, job)
  const [script = '', detail = ''] = (command.job.simulate ?? '').split(':')
  say({ type: 'accepted', id: job.id })
  try {
    await act(script, detail, command, job)
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    say({ type: 'cancelled', id: job.id })
  } finally {
    running.delete(job.id)
  }
}

async function act(script: string, detail: string, { id, lane, job, outDir }: Generate, self: Running) {
  const steps = job.kind === 'render' ? job.steps : 1
  const phase = 'rendering'
  if (script === 'fail') {
    const code = detail as 'oom'
    say({ type: 'failed', id, code, retryable: true, message: `acted out ${code}` })
    return
  }
  if (script === 'loading') await pause(60_000)
  let since = await takeTurn(self, true)
  for (let step = 1; step <= steps; step++) {
    if (yieldAsked.delete(lane) || script === 'polite') {
      say({ type: 'yielded', lane, id, heldMs: performance.now() - since })
      since = await takeTurn(self, false)
    }
    await pause(script === 'slow' ? Number(detail) : script === 'memory' ? 50 : 1)
    if (self.cancelled) throw new Cancelled()
    say({ type: 'progress', id, step, total: steps, phase })
    await misbehave(script, step, self)
  }
  const cardMs = performance.now() - since
  const memory = script === 'memory' ? { peakMiB: Number(detail), reservedMiB: 7000 } : {}
  say({ type: 'released', lane, id, heldMs: cardMs, ...memory })
  if (script === 'exit-with-next') {
    while (running.size < 2) await pause(5)
    process.exit(0)
  }
  if (script === 'greedy') say({ type: 'want', lane, id })
  if (script === 'encode' || script === 'greedy') await pause(Number(detail))
  if (job.kind === 'render' && outDir !== null) draw(script, id, job, outDir)
  const timings = { loadMs: 1, cardMs, encodeMs: 2 }
  const text = job.kind === 'enhance' ? JSON.stringify({ prompt: job.prompt, env: process.env }) : undefined
  say({ type: 'done', id, timings, peakMiB: 100, referenceMethod: null, ...(text ? { text } : {}) })
}

async function misbehave(script: string, step: number, self: Running): Promise<void> {
  switch (script) {
    case 'hold':
      await new Promise<void>(resolve => {
        self.wake = resolve
      })
      if (self.cancelled) throw new Cancelled()
      return
    case 'deaf':
      deaf = true
      self.cancelled = false
      await pause(60_000)
      return
    case 'warn':
      if (step === 1) say({ type: 'warning', message: 'slower than it could be, for a red bicycle' })
      if (step === 2) say({ type: 'warning', message: 'trace '.repeat(2_000) })
      return
    case 'crash':
      for (let line = 1; line <= 80; line++) process.stderr.write(`stderr line ${line}\n`)
      await pause(20)
      process.exit(3)
      break
    case 'late-words': {
      // What it said last comes out of the pipe when it is gone.
      const failed = { type: 'failed', id: self.id, code: 'cuda_error', retryable: true, message: 'an error' }
      spawn('sh', ['-c', 'sleep 0.2; echo "$0"', JSON.stringify(failed)], {
        detached: true,
        stdio: ['ignore', 'inherit', 'ignore'],
      })
      await pause(50)
      process.exit(1)
      break
    }
    case 'exit-0':
      process.exit(0)
      break
    case 'mute':
      muted = true
      await pause(60_000)
      return
    case 'hang':
      await pause(60_000)
      return
    case 'garbage':
      for (let line = 0; line < 100; line++) write(`Loading checkpoint shards: ${line}%`)
      await pause(60_000)
      return
    case 'some-garbage':
      if (step === 1) for (let line = 0; line < 3; line++) write('{"type":"surprise"}')
      return
    case 'long-line':
      for (;;) {
        if (!process.stdout.write('x'.repeat(65_536))) {
          await new Promise(resolve => process.stdout.once('drain', resolve))
        }
      }
    case 'stderr-flood':
      for (let n = 0; n < 400; n++) {
        if (!process.stderr.write('y'.repeat(65_536))) {
          await new Promise(resolve => process.stderr.once('drain', resolve))
        }
      }
      return
    case 'child':
      // Ignores SIGTERM and keeps our stdout open.
      spawn(process.execPath, ['-e', 'process.on("SIGTERM",()=>{});setInterval(()=>{},1000)'], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      await pause(200)
      process.exit(4)
  }
}

function draw(
  script: string,
  id: string,
  job: Extract<Generate['job'], { kind: 'render' }>,
  outDir: string,
): void {
  const { width, height, frames } = job
  const count =
    script === 'one-too-few' ? job.images - 1 : script === 'one-too-many' ? job.images + 1 : job.images
  for (let index = 0; index < count; index++) {
    const seed = job.seed + index
    const bytes = `a lighthouse, drawn with seed ${seed}`
    const path = join(outDir, script === 'elsewhere' ? `../elsewhere-${index}.png` : `${index}.png`)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    if (script !== 'no-file') writeFileSync(path, script === 'truncated' ? bytes.slice(0, 9) : bytes)
    say({ type: 'artifact', id, path, sha256, seed, width, height, frames })
  }
}

function sayReady(): void {
  say({ type: 'ready', models: [], memory: { reservedMiB: 0, totalMiB: 1_000 } })
}

function obey(command: Command): void {
  switch (command.type) {
    case 'init':
      if (start === 'never-ready') return
      if (start === 'slow') {
        setTimeout(sayReady, 500)
        return
      }
      sayReady()
      return
    case 'generate':
      void generate(command)
      return
    case 'cancel': {
      const job = running.get(command.id)
      if (!job) return
      job.cancelled = true
      job.wake()
      return
    }
    case 'grant':
      awaitingGrant.get(command.lane)?.()
      return
    case 'yield':
      yieldAsked.add(command.lane)
      return
    case 'ping':
      say({ type: 'pong' })
      return
    case 'shutdown':
      if (!deaf) process.exit(0)
      return
    case 'load':
    case 'unload':
      return
  }
}

if (start === 'crash') {
  process.stderr.write('no CUDA-capable device is detected\n')
  process.exit(7)
}
const hello = {
  type: 'hello',
  v: PROTOCOL_VERSION,
  pid: process.pid,
  device: 'paper',
  name: 'scripted',
} as const
if (start === 'other-version') write(JSON.stringify({ ...hello, v: 99, version: '0' }))
else say({ ...hello, version: '1.2.3' })

createInterface({ input: process.stdin })
  .on('line', line => obey(commandSchema.parse(JSON.parse(line))))
  .on('close', () => {
    if (!deaf) process.exit(0)
  })
if (deaf) setInterval(() => {}, 1_000)
