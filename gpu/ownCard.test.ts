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
  return {
    uuid,
    using,
    smi,
    own: (settleMs: number, limitMiB: number | null = null) =>
      ownCard(choice, { directory, limitMiB, settleMs }),
  }
}

test('waits for the memory of a program that was killed with its worker, then has the card to itself', async () => {
  const { uuid, using, smi, own } = await machine()
  const owning = own(60_000)
  await expect.poll(async () => (await smi.calls().catch(() => [])).length).toBeGreaterThan(2)
  await smi.answers(using(4))
  const card = await owning
  expect(card).toMatchObject({ uuid, usedMiB: 4, totalMiB: 49_140 })
  await expect(own(0)).rejects.toThrow('another GPU worker')
  card.lock.release()
})

test('a card that somebody else uses is refused, unless a part of it is left to others', async () => {
  const { own } = await machine()
  await expect(own(0)).rejects.toThrow(/Others use 20000 of the 49140 MiB .*\n.*CARD_MEMORY_LIMIT_MIB/)
  await expect(own(0, 40_000)).rejects.toThrow('Others use')
  const card = await own(0, 29_140)
  expect(card.usedMiB).toBe(20_000)
  card.lock.release()
})
