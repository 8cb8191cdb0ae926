import { expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../runtime/config.ts'
import { modelsToPrewarm, modelsToWarmUp } from './prewarm.ts'

const BOTH = ['lustify_sdxl', 'wan_2_1_1_3b']
const WAN_COMMAND = '/opt/wan/wan_generate.py'

test.each([
  [{ ENGINE: 'diffusers' }, BOTH],
  [{ ENGINE: 'diffusers', PREWARM: 'wan_2_1_1_3b' }, ['wan_2_1_1_3b']],
  // Its lanes would run a cold process each, and leave nothing warm.
  [{ ENGINE: 'diffusers', WAN_COMMAND }, ['lustify_sdxl']],
  [{ ENGINE: 'diffusers', ENGINE_DEVICE: 'cpu' }, []],
  [{ ENGINE: 'diffusers', ENGINE_COMPILE: 'false' }, []],
  [{ ENGINE: 'preview' }, []],
  [{ ENGINE: 'own', ENGINE_COMMAND: 'my-engine' }, []],
])('%o renders for nobody over %o', (env, models) => {
  expect(modelsToWarmUp(parseConfig(env))).toEqual(models)
})

test.each([
  [{ ENGINE: 'diffusers' }, BOTH],
  [{ ENGINE: 'diffusers', WAN_COMMAND }, ['lustify_sdxl']],
  [{ ENGINE: 'diffusers', WAN_COMMAND, PREWARM: 'umt5_xxl,prompt_enhancer' }, ['prompt_enhancer']],
  [{ ENGINE: 'own', ENGINE_COMMAND: 'my-engine', WAN_COMMAND }, BOTH],
])('%o loads %o before there are jobs', (env, models) => {
  expect(modelsToPrewarm(parseConfig(env))).toEqual(models)
})

test('a model that nobody knows is an error that says so', () => {
  const load = () => modelsToPrewarm(parseConfig({ PREWARM: 'lustify_sdxl,wan_14b' }))
  expect(load).toThrow(ConfigError)
  expect(load).toThrow('PREWARM: no such model: wan_14b')
})
