import { expect, test } from 'vitest'
import { type MemoryKept, waitUntilMemoryIsGone } from './memoryGone.ts'
import { nvidiaSmiStandIn } from './testing/nvidiaSmiStandIn.ts'

const uuid = 'GPU-1d8f0f9c-9a4e-4d2a-8b1c-0a4c2f6d7e01'
const using = (mib: number) => `${uuid}, 49140, ${mib}, 580.95.05, [N/A], NVIDIA RTX 6000 Ada Generation\n`

async function died(answers: Parameters<typeof nvidiaSmiStandIn>[0], usedBeforeMiB: number | null = 3) {
  const smi = await nvidiaSmiStandIn(answers)
  let kept: MemoryKept | null | undefined
  const waitFor = (limitMs: number) => {
    const program = { pid: 1234, uuid, nvidiaSmi: smi.path, usedBeforeMiB, limitMs, pollMs: 20 }
    const done = waitUntilMemoryIsGone(program)
    void done.then(value => {
      kept = value
    })
    return done
  }
  const calls = async () => (await smi.calls().catch(() => [])).length
  return { smi, waitFor, calls, gone: () => kept === null }
}

test('waits while the driver lists the process, and no longer, whatever others use', async () => {
  const { smi, waitFor, calls, gone } = await died({ apps: '1234, 20000\n99, 100\n', gpus: using(20_100) })
  const done = waitFor(60_000)
  await expect.poll(calls).toBeGreaterThan(3)
  expect(gone()).toBe(false)
  await smi.answers({ apps: '99, 9000\n', gpus: using(9000) })
  expect(await done).toBeNull()
})

test('a process that is never listed has gone when the card’s memory is what it was', async () => {
  const { smi, waitFor, calls, gone } = await died({ apps: '', gpus: using(20_000) })
  const done = waitFor(60_000)
  await expect.poll(calls).toBeGreaterThan(4)
  expect(gone()).toBe(false)
  await smi.answers({ apps: '', gpus: using(120) })
  expect(await done).toBeNull()
})

test('without a figure from before, the list decides', async () => {
  const { waitFor } = await died({ apps: '99, 100\n', gpus: using(20_000) }, null)
  expect(await waitFor(60_000)).toBeNull()
})

test('a driver that does not answer for a while is asked again', async () => {
  const { smi, waitFor, calls, gone } = await died({ apps: '', gpus: using(3), exitCode: 15 })
  const done = waitFor(60_000)
  await expect.poll(calls).toBeGreaterThan(2)
  expect(gone()).toBe(false)
  await smi.answers({ apps: '', gpus: using(3) })
  expect(await done).toBeNull()
})

test('gives up after the limit, and says what is left, or what nvidia-smi said where it failed', async () => {
  const { smi, waitFor } = await died({ apps: '1234, 20000\n', gpus: using(20_000) })
  expect(await waitFor(200)).toEqual({
    why: 'the card still shows memory of the program that died',
    cardSeen: true,
  })
  const said = 'Failed to initialize NVML: Driver/library version mismatch\n'
  await smi.answers({ apps: said, gpus: said, exitCode: 18 })
  expect(await waitFor(200)).toEqual({
    why: `${smi.path} failed (exit code 18): ${said.trim()}; the driver was upgraded under the running system: restart the machine`,
    cardSeen: false,
  })
})

test('a card that the driver lists no more is no free one', async () => {
  const { waitFor } = await died({ apps: '', gpus: '' })
  expect(await waitFor(200)).toEqual({ why: `the driver no longer lists the card ${uuid}`, cardSeen: false })
})

test('where there is no process to look for, the memory decides', async () => {
  const smi = await nvidiaSmiStandIn({ gpus: using(20_000) })
  const nobody = { pid: null, uuid, nvidiaSmi: smi.path, usedBeforeMiB: 3, limitMs: 60_000, pollMs: 20 }
  const done = waitUntilMemoryIsGone(nobody)
  await expect.poll(async () => (await smi.calls().catch(() => [])).length).toBeGreaterThan(2)
  await smi.answers({ gpus: using(4) })
  expect(await done).toBeNull()
  expect((await smi.calls()).join()).not.toContain('compute-apps')
})
