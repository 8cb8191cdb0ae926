import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { CUDA_LISTS, chooseList, listFile } from './requirementLists.ts'

test.each([
  [null, 'cuda13'],
  ['610.43.02', 'cuda13'],
  ['580.65.06', 'cuda13'],
  ['570.172.08', 'cuda12'],
  ['535.247.01', 'cuda12'],
  ['525.60.13', 'cuda12'],
])('driver %s gets %s', (driver, list) => {
  expect(chooseList(driver, 'linux-x64')).toBe(list)
})

test.each(['470.256.02', 'unknown'])('driver %s is refused', driver => {
  expect(() => chooseList(driver, 'linux-x64')).toThrow(/Install a newer driver/)
})

test('another platform is refused', () => {
  expect(() => chooseList(null, 'darwin-arm64')).toThrow(/ENGINE=preview runs anywhere/)
})

describe.each([...CUDA_LISTS.map(({ name }) => name), 'dev' as const, 'uv' as const])('%s.txt', name => {
  test('pins every package with hashes, and names no address', async () => {
    const text = await readFile(listFile(name), 'utf8')
    expect(text).not.toMatch(/:\/\/|^\s*-(?!-hash=sha256:)|index-url|find-links/m)
    const requirements = text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
    expect(requirements.length).toBeGreaterThan(0)
    for (const requirement of requirements) {
      expect(requirement).toMatch(/^[a-z0-9-]+==[\w.+]+ .*--hash=sha256:[0-9a-f]{64}/)
    }
  })
})

test.each(CUDA_LISTS)('$name.txt brings no CUDA of another major version', async ({ name, cuda }) => {
  const text = await readFile(listFile(name), 'utf8')
  const other = cuda.startsWith('13') ? 'cu12' : 'cu13'
  expect(text).toMatch(/^torch==/m)
  expect(text).not.toContain(`-${other}==`)
  expect(text).not.toMatch(/^(torchvision|timm)==/m)
})
