import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { nvidiaSmiStandIn } from '../gpu/testing/nvidiaSmiStandIn.ts'
import { jobTypeNames } from '../jobs/jobTypes.ts'
import { startSupabaseStorage } from '../test/standins/supabaseStorage.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { runChecks } from './doctor/runChecks.ts'
import { runDoctor, runOps } from './testing/runOps.ts'

/** A machine on which nothing answers; that Temporal is not there is seen without waiting for it. */
async function machine(given: Record<string, string> = {}) {
  const folder = await temporaryDirectory()
  return {
    TEMPORAL_ADDRESS: '127.0.0.1:9',
    TEMPORAL_TLS_CA: '/nowhere/ca.pem',
    DATA_DIR: join(folder, 'data'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    MODELS_DIR: join(folder, 'models'),
    PATH: process.env.PATH ?? '',
    ...given,
  }
}

async function receiver(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/job-callback`
}

test('a wrong configuration is the one thing that is told', async () => {
  const { exitCode, findings } = await runDoctor(await machine({ STORE: 'supabase', CARD: 'none' }))
  expect(exitCode).toBe(1)
  expect(findings).toHaveLength(1)
  expect(findings[0]).toMatchObject({ check: 'configuration', status: 'fail' })
  expect(findings[0]?.text).toMatch(/^[^\n]*CARD: /)
})

test('where nothing is there, each thing says what to do, in one line', async () => {
  const env = await machine({
    ENGINE: 'diffusers',
    CALLBACK_URL: 'http://127.0.0.1:9/callback?key=hidden',
    CALLBACK_TOKEN: 'secret-token',
    NVIDIA_SMI: '/nowhere/nvidia-smi',
    FFMPEG: '/nowhere/ffmpeg',
    WAN_COMMAND: '/nowhere/wan_generate.py',
    WAN_COMMAND_PYTHON: 'python3',
    TEMPORAL_TLS_CA: '',
    PATH: '/nowhere',
  })
  const { exitCode, ok, of, findings } = await runDoctor(env)
  expect({ exitCode, ok }).toEqual({ exitCode: 1, ok: false })
  expect(findings.map(({ text }) => text).join('')).not.toContain('\n')
  expect(JSON.stringify(findings)).not.toMatch(/hidden|secret/)
  expect(of('temporal')).toEqual([
    expect.stringMatching(/^fail Cannot reach Temporal at 127.0.0.1:9.*npm run dev/),
  ])
  expect(of('callback')).toEqual([expect.stringMatching(/^fail .* does not answer .*check CALLBACK_URL/)])
  expect(of('card')).toEqual([expect.stringMatching(/^fail .*install the NVIDIA driver, or set NVIDIA_SMI/)])
  expect(of('environment')).toEqual([expect.stringMatching(/^skipped /)])
  expect(of('compiler')).toEqual([expect.stringMatching(/^fail There is no Python 3\.11/)])
  expect(of('ffmpeg')).toEqual([expect.stringMatching(/^fail .*\/nowhere\/ffmpeg/)])
  expect(of('wan command')).toEqual([expect.stringMatching(/^fail WAN_COMMAND/)])
  expect(of('models')).toContainEqual(
    expect.stringMatching(/^fail SDXL checkpoint is missing\..*SDXL_CHECKPOINT/),
  )
  expect(of('models')).toContainEqual(expect.stringMatching(/^warn Qwen.*hf download Qwen/))
  expect(of('store')).toEqual([expect.stringMatching(/^ok .*written, read and removed/)])
  expect(of('disk')).toContainEqual(expect.stringMatching(/^warn MODELS_DIR .* is not there/))
})

test('with the preview engine nothing is asked of a card, and that is said', async () => {
  const { of } = await runDoctor(await machine())
  for (const check of ['card', 'environment', 'compiler', 'models']) {
    expect(of(check)).toEqual([expect.stringMatching(/^skipped ENGINE=preview/)])
  }
  expect(of('disk')).toHaveLength(1)
  expect(of('certificates')).toEqual([expect.stringMatching(/^fail TEMPORAL_TLS_CA: cannot read/)])
})

test('the card is the one that is configured, or the failure lists those found', async () => {
  const rtx4090 =
    'GPU-3fab20be-1c60-4f4c-8d3e-2c6e4b8f9a03, 24564, 8200, 570.124.06, [N/A], NVIDIA GeForce RTX 4090\n'
  const { path: NVIDIA_SMI } = await nvidiaSmiStandIn({ gpus: rtx4090 })
  const env = await machine({ ENGINE: 'diffusers', NVIDIA_SMI })
  expect((await runDoctor(env)).of('card')).toEqual([
    expect.stringMatching(/^fail CARD=rtx-6000-ada wants .* \/ .*RTX 4090.* \/ Set CARD=24gb/),
  ])
  const { of } = await runDoctor({ ...env, CARD: '24gb' })
  expect(of('card')).toEqual([
    expect.stringMatching(/^warn NVIDIA GeForce RTX 4090, 24564 MiB, .*8200 MiB are in use/),
  ])
  expect(of('environment')).toEqual([
    expect.stringMatching(/^warn not made yet \(cuda12\).*ourvidz engine setup/),
  ])
})

test('a driver that is too old for every list is told', async () => {
  const gpus =
    'GPU-3fab20be-1c60-4f4c-8d3e-2c6e4b8f9a03, 24564, 0, 470.256.02, [N/A], NVIDIA GeForce RTX 3090\n'
  const { path: NVIDIA_SMI } = await nvidiaSmiStandIn({ gpus })
  const { of } = await runDoctor(await machine({ ENGINE: 'diffusers', NVIDIA_SMI, CARD: '24gb' }))
  expect(of('environment')).toEqual([expect.stringMatching(/^fail .*470\.256\.02.*Install a newer driver/)])
})

test('a store is tried in every bucket, and the bad ones are named', async () => {
  const buckets = Object.fromEntries(jobTypeNames.slice(1).map(name => [name, {}]))
  const storage = await startSupabaseStorage({ buckets })
  onTestFinished(() => storage.close())
  const env = await machine({
    STORE: 'supabase',
    SUPABASE_URL: storage.url,
    SUPABASE_SERVICE_ROLE_KEY: storage.key,
    UPLOAD_TIMEOUT_SECONDS: '5',
  })
  expect((await runDoctor(env)).of('store')).toEqual([
    expect.stringMatching(/^fail bucket sdxl_image_fast: .*create it/),
  ])
  storage.buckets.set('sdxl_image_fast', {})
  expect((await runDoctor(env)).of('store')).toEqual([
    expect.stringMatching(new RegExp(`^ok .*in each of ${jobTypeNames.length} buckets`)),
  ])
  expect([...storage.objects.keys()]).toEqual([])
  storage.buckets.set('video_fast', { contentTypes: ['video/mp4'] })
  expect((await runDoctor(env)).of('store')).toEqual([
    expect.stringMatching(/^fail bucket video_fast: .*\(image\/webp\)/),
  ])
  storage.buckets.set('video_fast', {})
  const wrong = await runDoctor({ ...env, SUPABASE_SERVICE_ROLE_KEY: 'wrong-key' })
  expect(wrong.of('store')).toEqual([expect.stringMatching(/^fail /)])
  expect(JSON.stringify(wrong.findings)).not.toContain('wrong-key')
})

test.each([
  [405, 'ok'],
  [204, 'ok'],
  [401, 'ok'],
  [404, 'warn'],
  [308, 'warn'],
  [503, 'warn'],
])('a receiver that answers %i: %s, and no delivery is sent', async (status, expected) => {
  const methods: string[] = []
  const CALLBACK_URL = await receiver((request, response) => {
    methods.push(request.method ?? '')
    response.writeHead(status).end()
  })
  const { of } = await runDoctor(await machine({ CALLBACK_URL }))
  expect(of('callback')).toEqual([
    expect.stringMatching(new RegExp(`^${expected} .* OPTIONS with ${status}`)),
  ])
  expect(methods).toEqual(['OPTIONS'])
})

test('a folder that cannot be written fails', async () => {
  const env = await machine()
  await mkdir(join(env.DATA_DIR, '..'), { recursive: true })
  await writeFile(env.DATA_DIR, 'a file where a folder should be')
  const { exitCode, of } = await runDoctor(env)
  expect(exitCode).toBe(1)
  expect(of('store')).toEqual([expect.stringMatching(/^fail /)])
})

test('in plain lines', async () => {
  const { exitCode, stdout, stderr } = await runOps(['doctor'], await machine())
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  expect(stdout).toMatch(/^ok {6}configuration {2}ENGINE=preview/)
  for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^(ok|warn|fail|skipped) +\S/)
})

test('a check that hangs or throws is a failure of that check only', async () => {
  const told: string[] = []
  const checks = [
    { name: 'hangs', limitMs: 20, run: () => new Promise<never>(() => {}) },
    { name: 'throws', limitMs: 1000, run: () => Promise.reject(new Error('first\n  second')) },
    { name: 'throws at once', limitMs: 1000, run: () => JSON.parse('{') },
    { name: 'works', limitMs: 1000, run: async () => ({ status: 'ok', text: 'fine' }) as const },
  ]
  await runChecks(checks, ({ check, status, text }) => told.push(`${check}: ${status} ${text}`))
  expect(told).toEqual([
    'hangs: fail no answer within 0.02 s',
    'throws: fail first / second',
    expect.stringMatching(/^throws at once: fail .*JSON/),
    'works: ok fine',
  ])
})

test('models check: nothing there, then as JSON', async () => {
  const env = await machine()
  const { exitCode, stdout } = await runOps(['models', 'check'], env)
  expect(exitCode).toBe(1)
  expect(stdout).toContain(
    `hf download Qwen/Qwen2.5-7B-Instruct --local-dir ${env.MODELS_DIR}/qwen2.5-7b-instruct`,
  )
  expect(stdout).toMatch(/No sdxl or wan job can be rendered\.\n$/)
  const json = JSON.parse((await runOps(['models', 'check', '--json'], env)).stdout)
  expect(json).toMatchObject({ ok: false, families: { sdxl: false, wan: false } })
})

test('engine setup says in plain words why it cannot', async () => {
  const env = await machine()
  const noPython = await runOps(['engine', 'setup', '--list', 'cuda13'], {
    ...env,
    PYTHON: '/nowhere/python3',
  })
  expect(noPython).toMatchObject({ exitCode: 1, stdout: '' })
  expect(noPython.stderr).toMatch(/^PYTHON names \/nowhere\/python3, which cannot be used/)
  const driver = join(env.XDG_CACHE_HOME, '..', 'nvidia-smi')
  await writeFile(
    driver,
    '#!/bin/sh\necho "GPU-3fab20be-1c60-4f4c-8d3e-2c6e4b8f9a03, 11264, 0, 470.1.1, [N/A], NVIDIA GeForce GTX 1080 Ti"\n',
  )
  await chmod(driver, 0o755)
  const old = await runOps(['engine', 'setup'], { ...env, NVIDIA_SMI: driver })
  expect(old.exitCode).toBe(1)
  expect(old.stderr).toMatch(/Install a newer driver/)
  expect((await runOps(['engine', 'setup', '--list', 'cuda11'], env)).exitCode).toBe(2)
})
