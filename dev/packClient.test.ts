import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const APP = `
import { ConfigError, connectPipelineClient, FAILURES, parseClientConfig, type CallbackBody, type FailureCode, type JobPayload } from 'ourvidz'
const code: FailureCode = 'out_of_memory'
const told = ({ status, assets, metadata }: CallbackBody) => [status, assets?.length, metadata.error_type satisfies FailureCode | undefined]
const payload: JobPayload = {
  ...{ id: '', user_id: '', type: 'video_high', prompt: 'a lighthouse', credits: 5 },
  config: { size: '480*832' },
  metadata: { start_reference_url: 'https://example.com/lighthouse.png', reference_strength: 0.8 },
}
try {
  parseClientConfig({ TEMPORAL_TLS: 'perhaps' })
} catch (error) {
  console.log(error instanceof ConfigError, FAILURES[code].blame, told({ job_id: payload.id, status: 'failed', error_message: '', metadata: {} }).length)
}
const config = parseClientConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' })
await connectPipelineClient(config).catch(error => console.log(error.code))
`

test('an app that installs the packed SDK gets types, errors and a client, with nothing of a worker', async () => {
  const app = await temporaryDirectory()
  await execa('node', ['dev/packClient.ts', app], { cwd: ROOT, preferLocal: true })
  const installed = join(app, 'node_modules/ourvidz')
  await mkdir(installed, { recursive: true })
  await execa('tar', ['xzf', join(app, 'ourvidz-3.0.0.tgz'), '--strip-components=1', '-C', installed])
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  expect(Object.keys(dependencies)).toEqual([
    '@temporalio/client',
    '@temporalio/common',
    '@temporalio/proto',
    'entities',
    'zod',
  ])
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const place = join(app, 'node_modules', name)
    await mkdir(dirname(place), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), place)
  }
  await writeFile(join(app, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(join(app, 'app.ts'), APP)
  const { stdout } = await execa('node', ['app.ts'], { cwd: app, preferLocal: true, localDir: ROOT })
  expect(stdout.split('\n')).toEqual(['true system 3', 'server_unreachable'])
  const strict = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022']
  await execa('tsc', [...strict, 'app.ts'], { cwd: app, preferLocal: true, localDir: ROOT })
})
