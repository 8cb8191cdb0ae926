import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, expectTypeOf, inject, test } from 'vitest'
import type * as workflows from './index.ts'
import type { Workflows } from './types.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Files of the bundle, relative to the repository, from its inline source map. */
async function bundledFiles(): Promise<string[]> {
  const code = await readFile(inject('workflowBundlePath'), 'utf8')
  const base64 = /sourceMappingURL=data:application\/json;[^,]*base64,([\w+/=]+)\s*$/.exec(code)?.[1] ?? ''
  const map: { sources: string[] } = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
  return map.sources.filter(source => source.startsWith(root)).map(source => relative(root, source))
}

test('workflow code holds workflows/, what it shares of jobs/, and the SDK; no zod', async () => {
  const files = await bundledFiles()
  expect(files).toContain('workflows/generateMedia.ts')

  const ours = files.filter(file => !file.startsWith('node_modules/'))
  expect(ours.filter(file => !/^(workflows|jobs)\//.test(file))).toEqual([])

  const packages = new Set(files.map(file => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? null))
  packages.delete(null)
  expect([...packages].sort()).toEqual([
    '@temporalio/common',
    '@temporalio/workflow',
    'long',
    'ms',
    'nexus-rpc',
  ])
})

test('workflows take and give what those who start them are told', () => {
  expectTypeOf<typeof workflows>().toExtend<Workflows>()
})
