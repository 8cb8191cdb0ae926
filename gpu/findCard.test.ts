import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { CardError } from './cardError.ts'
import type { CardChoice } from './cardProfiles.ts'
import { findCard } from './findCard.ts'
import { nvidiaSmiStandIn } from './testing/nvidiaSmiStandIn.ts'

const ada =
  'GPU-1d8f0f9c-9a4e-4d2a-8b1c-0a4c2f6d7e01, 49140, 3, 580.95.05, [N/A], NVIDIA RTX 6000 Ada Generation'
const adaWithEcc =
  'GPU-2e9a1fad-0b5f-4e3b-9c2d-1b5d3a7e8f02, 46068, 0, 580.95.05, [N/A], NVIDIA RTX 6000 Ada Generation'
const rtx4090 =
  'GPU-3fab20be-1c60-4f4c-8d3e-2c6e4b8f9a03, 24564, 512, 570.124.06, [N/A], NVIDIA GeForce RTX 4090'
const l4 = 'GPU-40bc31cf-2d71-405d-9e4f-3d7f5c90ab04, 23034, 0, 550.54.15, [N/A], NVIDIA L4'
const h100 = 'GPU-51cd42d0-3e82-416e-8f50-4e806da1bc05, 81559, 1, 580.95.05, Disabled, NVIDIA H100 80GB HBM3'
const a40 = 'GPU-62de53e1-4f93-427f-9061-5f917eb2cd06, 46068, 0, 580.95.05, [N/A], NVIDIA A40'
const slicedA100 =
  'GPU-73ef64f2-50a4-4380-a172-60a28fc3de07, [Insufficient Permissions], [Insufficient Permissions], 535.161.08, Enabled, NVIDIA A100-SXM4-80GB'

async function find(cards: string[], choice: Partial<CardChoice> = {}, answers = {}) {
  const { path } = await nvidiaSmiStandIn({ gpus: cards.map(card => `${card}\n`).join(''), ...answers })
  const usual = { profile: 'rtx-6000-ada', uuid: null, name: null, memoryMiB: null, nvidiaSmi: path } as const
  return findCard({ ...usual, ...choice })
}

async function refusal(...given: Parameters<typeof find>): Promise<string> {
  const error = await find(...given).catch((thrown: unknown) => thrown)
  if (!(error instanceof CardError)) throw new Error(`no refusal: ${JSON.stringify(error)}`)
  return error.message
}

describe('the card that is configured', () => {
  test('is found by name and memory among others', async () => {
    expect(await find([rtx4090, ada, h100])).toEqual({
      uuid: 'GPU-1d8f0f9c-9a4e-4d2a-8b1c-0a4c2f6d7e01',
      name: 'NVIDIA RTX 6000 Ada Generation',
      totalMiB: 49_140,
      usedMiB: 3,
      driverVersion: '580.95.05',
    })
  })

  test.each([
    ['rtx-6000-ada', adaWithEcc, 46_068],
    ['24gb', rtx4090, 24_564],
    ['24gb', l4, 23_034],
    ['80gb', h100, 81_559],
  ] as const)('%s takes %s', async (profile, card, totalMiB) => {
    expect(await find([card, a40], { profile })).toMatchObject({ totalMiB })
  })

  test('of one’s own is exact in its name, and in its memory within 3 %', async () => {
    const own = { profile: 'own', name: 'NVIDIA A40' } as const
    expect(await find([ada, a40], { ...own, memoryMiB: 46_000 })).toMatchObject({ name: 'NVIDIA A40' })
    expect(await refusal([ada, a40], { ...own, memoryMiB: 48_000 })).toContain('another size of memory')
    expect(await refusal([a40], { ...own, name: 'A40', memoryMiB: 46_000 })).toContain('another card')
  })

  test('is chosen by its UUID, in any case of letters, where several match', async () => {
    const uuid = 'gpu-2E9A1FAD-0b5f-4e3b-9c2d-1b5d3a7e8f02'
    expect(await find([ada, adaWithEcc], { uuid })).toMatchObject({ totalMiB: 46_068 })
  })

  test('a warning between the rows is no card, and exit code 14 no failure', async () => {
    const warning = 'WARNING: infoROM is corrupted at gpu 0000:01:00.0'
    expect(await find([ada, warning], {}, { exitCode: 14 })).toMatchObject({ totalMiB: 49_140 })
  })
})

describe('a refusal lists the cards found and says what to set', () => {
  test('another card', async () => {
    const message = await refusal([h100, rtx4090])
    expect(message).toContain('CARD=rtx-6000-ada wants "NVIDIA RTX 6000 Ada Generation"')
    expect(message).toContain('GPU-51cd42d0-3e82-416e-8f50-4e806da1bc05  NVIDIA H100 80GB HBM3  81559 MiB')
    expect(message).toContain('NVIDIA GeForce RTX 4090  24564 MiB')
    expect(message).toContain('Set CARD=24gb')
  })

  test('a card of no profile', async () => {
    expect(await refusal([a40])).toContain('Set CARD=own, CARD_NAME="NVIDIA A40" and CARD_MEMORY_MIB=46068')
  })

  test('the right name with another memory', async () => {
    const half = ada.replace('49140', '24000')
    const message = await refusal([half])
    expect(message).toContain('24000 MiB  (another size of memory)')
  })

  test('several cards', async () => {
    const message = await refusal([ada, adaWithEcc])
    expect(message).toContain('2 cards match CARD=rtx-6000-ada')
    expect(message).toContain('Set CARD_UUID')
    for (const uuid of ['GPU-1d8f0f9c', 'GPU-2e9a1fad']) expect(message).toContain(uuid)
  })

  test('a UUID that is not there, or is of another card', async () => {
    const message = await refusal([ada], { uuid: 'GPU-none' })
    expect(message).toContain('CARD_UUID=GPU-none is not there')
    expect(message).toContain('GPU-1d8f0f9c')
    expect(await refusal([ada, h100], { uuid: 'GPU-51cd42d0-3e82-416e-8f50-4e806da1bc05' })).toContain(
      'Set CARD=80gb',
    )
  })

  test('a card that is cut into slices', async () => {
    const message = await refusal([slicedA100], { profile: '80gb' })
    expect(message).toContain('memory unknown  (cut into slices (MIG))')
    expect(message).toContain('Switch MIG off')
  })

  test('own without a name', async () => {
    expect(await refusal([a40], { profile: 'own' })).toContain('CARD_NAME="NVIDIA A40"')
  })

  test('no card', async () => {
    expect(await refusal([])).toContain('knows no card')
  })

  test('no driver', async () => {
    const said = 'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.'
    expect(await refusal([said], {}, { exitCode: 9 })).toMatch(
      /failed \(exit code 9\): NVIDIA-SMI has failed/,
    )
  })

  test('no nvidia-smi', async () => {
    const nvidiaSmi = join(await temporaryDirectory(), 'nvidia-smi')
    expect(await refusal([], { nvidiaSmi })).toMatch(/ENOENT.*set NVIDIA_SMI/)
  })
})
