import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { enginePython } from '../../engines/python/testing/enginePython.ts'

const script = fileURLToPath(new URL('gate_cost.py', import.meta.url))
const cost = z.object({ microseconds: z.number(), fastest: z.number() })

it('measures what a gate of the program costs', async () => {
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [script, '--device', 'cpu', '--calls', '500'], {
    env,
    extendEnv: false,
  })
  expect(cost.parse(JSON.parse(stdout)).microseconds).toBeGreaterThan(0)
})
