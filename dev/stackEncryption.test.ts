import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { connectPipelineClient, PayloadUnreadableError, parseClientConfig } from '../client/index.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { makeEncryptionKey } from '../runtime/encryptionKeys.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { payloadOf } from '../test/workflows/payloads.ts'
import { startDevStack } from './stack.ts'
import { findTemporalBinary } from './temporalBinary.ts'

test('a stack with keys encrypts, tells the Web UI where to have it decrypted, and `temporal` reads with it', {
  timeout: 120_000,
}, async () => {
  const keys = makeEncryptionKey('dev')
  const temporalBinary = await findTemporalBinary()
  const stack = await startDevStack({
    callbackUrl: null,
    dataDir: await temporaryDirectory(),
    signingKey: 'signing-key-of-a-test',
    previewSpeed: 0,
    env: { ENCRYPTION_KEYS: keys },
    temporalBinary,
    ui: true,
    tell: () => {},
  })
  onTestFinished(stack.stop)
  const { temporalAddress, uiUrl = '', codecUrl = '' } = stack.addresses
  const connect = async (env: Record<string, string>) => {
    const client = await connectPipelineClient(
      parseClientConfig({ TEMPORAL_ADDRESS: temporalAddress, ...env }),
    )
    onTestFinished(client.close)
    return client
  }
  const client = await connect({ ENCRYPTION_KEYS: keys })
  const payload = payloadOf()
  await client.submit(payload)
  expect(await client.result(payload.id)).toMatchObject({ status: 'completed' })
  await expect((await connect({})).get(payload.id)).rejects.toThrow(PayloadUnreadableError)

  const settings = await (await fetch(`${uiUrl}/api/v1/settings`)).json()
  expect(settings).toMatchObject({ Codec: { Endpoint: codecUrl } })
  const asked = await fetch(`${codecUrl}/decode`, {
    method: 'POST',
    headers: { origin: uiUrl },
    body: '{"payloads":[]}',
  })
  expect(asked.status).toBe(200)

  const shown = async (...options: string[]) => {
    const what = ['workflow', 'show', '-w', workflowIds.job(payload.id), '--detailed']
    const { stdout } = await execa(temporalBinary, [...what, '--address', temporalAddress, ...options])
    return stdout
  }
  expect(await shown()).not.toContain(payload.prompt)
  expect(await shown('--codec-endpoint', codecUrl)).toContain(payload.prompt)
})
