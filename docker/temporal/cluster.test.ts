import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DYNAMIC_CONFIG } from '../../dev/temporalServer.ts'
import { SEARCH_ATTRIBUTES } from '../../jobs/searchAttributes.ts'

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8')

test('the cluster gets the search attributes that the workflows write', async () => {
  const created = [...(await read('namespace.sh')).matchAll(/--name (\w+) --type Keyword/g)].map(
    ([, name]) => name,
  )
  expect(created.sort()).toEqual(Object.values(SEARCH_ATTRIBUTES).sort())
})

test('the cluster is configured as the embedded server is', async () => {
  const entries = [...(await read('dynamicconfig.yaml')).matchAll(/^([\w.]+):\n {2}- value: (.+)$/gm)]
  expect(Object.fromEntries(entries.map(([, key, value = '']) => [key, JSON.parse(value)]))).toEqual(
    DYNAMIC_CONFIG,
  )
})
