import { expect, inject, test } from 'vitest'
import { connectPipelineClient, parseClientConfig } from '../client/index.ts'

const address = inject('temporalAddress')

test('a namespace that is not there is refused, as trying again does not help', async () => {
  const config = parseClientConfig({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'nowhere' })
  await expect(connectPipelineClient(config)).rejects.toMatchObject({
    code: 'server_refused',
    message: expect.stringContaining('has no namespace "nowhere"'),
  })
})

test('a server that does not answer is unreachable', async () => {
  const config = parseClientConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' })
  await expect(connectPipelineClient(config)).rejects.toMatchObject({ code: 'server_unreachable' })
})
