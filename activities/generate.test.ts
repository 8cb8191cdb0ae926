import { expect, test } from 'vitest'
import { planJob } from '../jobs/planJob.ts'
import { activityEnvironment, runActivity } from '../test/runActivity.ts'
import { payloadOf } from '../test/workflows/payloads.ts'
import { createGenerate } from './generate.ts'

function unreachable(): never {
  throw new Error('nothing may be begun here')
}

test('a render that is at home on another host is left to it, also when an earlier home was lost', async () => {
  const generate = createGenerate({
    hostId: 'third',
    desk: { render: unreachable, knows: unreachable },
    staging: { open: unreachable },
    simulate: false,
  })
  const result = planJob(payloadOf())
  if (!result.ok) throw new Error(result.error.message)
  const { plan } = result
  const home = { hostId: 'second', begun: true }
  const input = {
    plan: { ...plan, seed: 7 },
    prompt: plan.prompt,
    references: [],
    lostHosts: ['first'],
  }
  const heartbeatDetails = { phase: 'rendering', step: 3, total: 25, held: true, kills: 0, home }
  const environment = activityEnvironment({ heartbeatDetails })
  expect(await runActivity(generate, input, environment)).toEqual({ elsewhere: home })
})
