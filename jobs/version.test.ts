import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { WORKER_VERSION } from './version.ts'

it('is the package’s version', async () => {
  const file = new URL('../package.json', import.meta.url)
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: WORKER_VERSION })
})
