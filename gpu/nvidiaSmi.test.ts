import { expect, onTestFinished, test, vi } from 'vitest'
import { CardError } from './cardError.ts'
import { listCards, listComputePids, readUsedMiB } from './nvidiaSmi.ts'
import { nvidiaSmiStandIn } from './testing/nvidiaSmiStandIn.ts'

const uuid = 'GPU-1d8f0f9c-9a4e-4d2a-8b1c-0a4c2f6d7e01'

test('a program that never answers is given up', async () => {
  const smi = await nvidiaSmiStandIn({ hangs: true })
  await expect(listCards(smi.path, 300)).rejects.toThrow(CardError)
  await expect(listCards(smi.path, 300)).rejects.toThrow('has not answered')
})

test('processes on one card, whatever is not to be had of them', async () => {
  const smi = await nvidiaSmiStandIn({ apps: '1234, 6618\n77, [N/A]\nNo running processes found\n' })
  expect(await listComputePids(smi.path, uuid)).toEqual([1234, 77])
  expect(await smi.calls()).toEqual([
    `--query-compute-apps=pid,used_memory --format=csv,noheader,nounits -i ${uuid}`,
  ])
})

test('memory in use', async () => {
  const smi = await nvidiaSmiStandIn({ gpus: `${uuid}, 49140, 812, 580.95.05, [N/A], A card, rev. 2\n` })
  expect(await listCards(smi.path)).toMatchObject([{ name: 'A card, rev. 2', sliced: false }])
  expect(await readUsedMiB(smi.path, uuid)).toBe(812)
  await expect(readUsedMiB(smi.path, 'GPU-other')).rejects.toThrow('no longer lists the card GPU-other')
})

test('the program inherits none of our keys, and speaks English', async () => {
  vi.stubEnv('SUPABASE_SERVICE_ROLE_KEY', 'hush')
  onTestFinished(() => void vi.unstubAllEnvs())
  const smi = await nvidiaSmiStandIn()
  await listCards(smi.path)
  const environment = await smi.environment()
  expect(environment).toContain('LC_ALL=C\n')
  expect(environment).not.toContain('hush')
})
