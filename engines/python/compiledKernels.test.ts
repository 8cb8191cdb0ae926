import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { keepKernels } from './compiledKernels.ts'

async function machine() {
  const directory = join(await temporaryDirectory(), 'engine-kept')
  let boot = 1
  return {
    start: (card = 'GPU-1') => keepKernels(directory, card, async () => `boot ${boot}`),
    reboot() {
      boot += 1
    },
    async compile() {
      await mkdir(join(directory, 'inductor/ab'), { recursive: true })
      await writeFile(join(directory, 'inductor/ab/graph.py'), 'kernel')
    },
    kernels: async () => (await readdir(directory)).filter(name => name === 'inductor'),
  }
}

test('kernels outlive a worker that is killed, and a machine that is shut down in good order', async () => {
  const { start, reboot, compile, kernels } = await machine()
  await start()
  await compile()
  const restarted = await start()
  expect(restarted.removed).toBe(false)
  await restarted.close()
  reboot()
  expect((await start()).removed).toBe(false)
  expect(await kernels()).toEqual(['inductor'])
})

test('what may have been cut short by a power cut is compiled anew, once', async () => {
  const { start, reboot, compile, kernels } = await machine()
  await start('GPU-1')
  await (await start('GPU-2')).close()
  await compile()
  reboot()
  expect((await start('GPU-2')).removed).toBe(true)
  expect(await kernels()).toEqual([])
  await compile()
  expect((await start('GPU-1')).removed).toBe(false)
  expect(await kernels()).toEqual(['inductor'])
})

test('a mark that was itself cut short counts', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, `in-use-${hostname()}-GPU-1`), '')
  expect((await keepKernels(directory, 'GPU-1')).removed).toBe(process.platform === 'linux')
})

test('where the system tells of no boot, nothing is removed', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, `in-use-${hostname()}-GPU-1`), 'boot 1')
  expect((await keepKernels(directory, 'GPU-1', async () => null)).removed).toBe(false)
})

test('a machine with which the folder is shared is no rebooted one', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'in-use-elsewhere-GPU-1'), 'boot 7')
  expect((await keepKernels(directory, 'GPU-1')).removed).toBe(false)
})
