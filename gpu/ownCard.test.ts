import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { ownCard } from './ownCard.ts'
import { nvidiaSmiStandIn } from './testing/nvidiaSmiStandIn.ts'

async function machine() {
  const uuid = `GPU-${randomUUID()}`
  const using = (mib: number) => ({
    gpus: `${uuid}, 49140, ${mib}, 580.95.05, [N/A], NVIDIA RTX 6000 Ada Generation\n`,
  })
  const smi = await nvidiaSmiStandIn(using(20_000))
  const choice = {
    profile: 'rtx-6000-ada',
    uuid: null,
    name: null,
    memoryMiB: null,
    nvidiaSmi: smi.path,
  } as const
  const directory = await temporaryDirectory()
  return { uuid, using, smi, own: (settleMs: number) => ownCard(choice, { directory, settleMs }) }
}

test('waits for the memory of a program that was killed with its worker, then has the card to itself', async () => {
  const { uuid, using, smi, own } = await machine()
  const owning = own(60_000)
  await expect.poll(async () => (await smi.calls().catch(() => [])).length).toBeGreaterThan(5)
  await smi.answers(using(4))
  const card = await owning
  expect(card).toMatchObject({ uuid, usedMiB: 4, totalMiB: 49_140 })
  await expect(own(0)).rejects.toThrow('another GPU worker')
  card.lock.release()
})

test('what somebody else uses for long is told', async () => {
  const { own } = await machine()
  const card = await own(0)
  expect(card.usedMiB).toBe(20_000)
  card.lock.release()
})
