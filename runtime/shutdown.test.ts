import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'

let directory: string
let child: ChildProcess | undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shutdown-'))
})
afterEach(async () => {
  child?.kill('SIGKILL')
  await rm(directory, { recursive: true })
})

const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

/** Runs a real program around `runUntilStopped`; its log lines and prints are collected. */
async function program(body: string, options: { limitMs?: number; endWithStdin?: boolean } = {}) {
  const file = join(directory, 'program.mjs')
  await writeFile(
    file,
    `import { setTimeout as sleep } from 'node:timers/promises'
     import { once } from 'node:events'
     import { createLogger } from ${module('log.ts')}
     import { parseConfig } from ${module('config.ts')}
     import { runUntilStopped } from ${module('shutdown.ts')}
     const log = createLogger(parseConfig({}), 'program')
     const say = text => process.stdout.write(text + '\\n')
     await runUntilStopped({ log, limitMs: 5000, ...${JSON.stringify(options)} }, async ({ signal, defer }) => {
       ${body}
     })`,
  )
  const started = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  child = started
  let output = ''
  const { promise: up, resolve } = Promise.withResolvers<void>()
  started.stdout.on('data', chunk => {
    output += chunk
    if (output.includes('up\n')) resolve()
  })
  const ended = once(started, 'close').then(([code, signal]) => ({ code, signal, output }))
  return { child: started, up: Promise.race([up, ended]), ended }
}

const serve = `
  defer('first', () => say('released first'))
  defer('second', async () => { await sleep(50); say('released second') })
  say('up')
  await once(signal, 'abort')
  say('stopped by ' + signal.reason.message)`

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it in order, and is a success', async signal => {
  const { child, up, ended } = await program(serve)
  await up
  child.kill(signal)
  const { code, output } = await ended
  expect(code).toBe(0)
  expect(output).toMatch(new RegExp(`stopped by ${signal}[\\s\\S]*released second[\\s\\S]*released first`))
})

test('a second signal does not wait', async () => {
  const { child, up, ended } = await program(
    `defer('stubborn', () => sleep(60_000)); say('up'); await once(signal, 'abort'); say('going')`,
    {
      limitMs: 60_000,
    },
  )
  await up
  child.kill('SIGTERM')
  await once(child.stdout, 'data')
  child.kill('SIGTERM') // at once: npm doubles a Ctrl-C
  await sleep(1200)
  expect(child.exitCode).toBeNull()
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 143 })
})

test('what does not stop within the limit is named and ended', async () => {
  const { child, up, ended } = await program(
    `defer('stubborn', () => sleep(60_000)); say('up'); await once(signal, 'abort')`,
    { limitMs: 300 },
  )
  await up
  child.kill('SIGTERM')
  const { code, output } = await ended
  expect(code).toBe(1)
  expect(output).toMatch(/"open":\["stubborn"\].*did not stop in time/)
})

test.each([
  [
    'a failure of the program',
    `defer('first', () => say('released first')); throw new Error('broken')`,
    /broken[\s\S]*released first/,
  ],
  [
    'an uncaught error',
    `${serve.replace(`say('up')`, `setTimeout(() => { throw new Error('stray') }, 10)`)}`,
    /stray[\s\S]*released first/,
  ],
  [
    'an unhandled rejection',
    `${serve.replace(`say('up')`, `void Promise.reject(new Error('stray'))`)}`,
    /stray[\s\S]*released first/,
  ],
  [
    'a failed release',
    `defer('first', () => say('released first')); defer('bad', () => { throw new Error('stuck') })`,
    /stuck[\s\S]*released first/,
  ],
])('%s gives exit code 1, and the rest is still released', async (_what, body, seen) => {
  const { ended } = await program(body)
  const { code, output } = await ended
  expect(code).toBe(1)
  expect(output).toMatch(seen)
})

test('work that the stop cuts short is no failure', async () => {
  const { child, up, ended } = await program(`say('up'); await sleep(60_000, undefined, { signal })`)
  await up
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 0 })
})

test('the end of its parent is the end of it, if so configured', async () => {
  const { child, up, ended } = await program(serve, { endWithStdin: true })
  await up
  child.stdin.end()
  const { code, output } = await ended
  expect(code).toBe(0)
  expect(output).toContain('stopped by stdin ended')
})

test('the end of standard input alone stops nothing', async () => {
  const { child, up, ended } = await program(serve)
  await up
  child.stdin.end()
  const first = await Promise.race([
    ended.then(() => 'ended'),
    new Promise(resolve => setTimeout(() => resolve('runs'), 500)),
  ])
  expect(first).toBe('runs')
})
