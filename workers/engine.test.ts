import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { nvidiaSmiStandIn } from '../gpu/testing/nvidiaSmiStandIn.ts'
import { parseConfig } from '../runtime/config.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { openEngine } from './engine.ts'

async function machine(more: Record<string, string> = {}) {
  const gone: string[] = []
  const uuid = `GPU-${randomUUID()}`
  const gpus = (usedMiB: number) =>
    `${uuid}, 49140, ${usedMiB}, 580.95.05, [N/A], NVIDIA RTX 6000 Ada Generation\n`
  const smi = await nvidiaSmiStandIn({ gpus: gpus(0) })
  const DATA_DIR = await temporaryDirectory()
  const env = { ENGINE: 'own', ENGINE_COMMAND: 'my-engine --fast', NVIDIA_SMI: smi.path, PATH: '/usr/bin' }
  const config = parseConfig({ ...env, DATA_DIR, ...more })
  const open = (memoryGoneMs?: number) =>
    openEngine({
      config,
      ffmpeg: 'ffmpeg',
      log: pino({ level: 'silent' }),
      signal: new AbortController().signal,
      onCardGone: why => gone.push(why),
      ...(memoryGoneMs === undefined ? {} : { memoryGoneMs }),
      defer: (_name, release) => onTestFinished(async () => void (await release())),
    })
  return { uuid, smi, gpus, open, gone }
}

test('a worker pins its program to the card that it has taken, and no other worker has it', async () => {
  const { uuid, open } = await machine()
  const { program, card, budgetMiB } = await open()
  expect(program).toMatchObject({ command: 'my-engine', args: ['--fast'] })
  expect(program.env).toMatchObject({ CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: uuid })
  expect(card).toEqual({ name: 'NVIDIA RTX 6000 Ada Generation', uuid, totalMiB: 49_140 })
  expect(budgetMiB).toBe(47_645)
  await expect(open()).rejects.toThrow('another GPU worker')
})

test('a part of the card is left to others', async () => {
  const { open } = await machine({ CARD_MEMORY_LIMIT_MIB: '24564' })
  expect((await open()).budgetMiB).toBe(23_560)
})

test('a program that has died has given its memory back only when the driver lists it no more', async () => {
  const { smi, gpus, open } = await machine()
  const { afterDeath } = await open()
  await smi.answers({ gpus: gpus(20_000), apps: '4711, 20000\n' })
  let gone = false
  const waited = afterDeath(4711).then(() => {
    gone = true
  })
  const asked = (await smi.calls()).length
  await expect.poll(async () => (await smi.calls()).length).toBeGreaterThan(asked + 2)
  expect(gone).toBe(false)
  await smi.answers({ gpus: gpus(4) })
  await waited
})

test.each([
  [
    'that nvidia-smi cannot ask for',
    { gpus: 'Unable to determine the device handle\n', exitCode: 9 },
    /exit code 9/,
  ],
  ['that the driver lists no more', { gpus: '' }, /no longer lists the card GPU-/],
])('a card %s is gone', async (_, answers, why) => {
  const { smi, open, gone } = await machine()
  const { afterDeath } = await open(1000)
  await smi.answers(answers)
  await afterDeath(null)
  expect(gone).toEqual([expect.stringMatching(why)])
})

test('a card that gives no memory back is there all the same', async () => {
  const { smi, gpus, open, gone } = await machine()
  const { afterDeath } = await open(1000)
  await smi.answers({ gpus: gpus(20_000), apps: '4711, 20000\n' })
  await afterDeath(4711)
  expect(gone).toEqual([])
})
