import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import type { TestProject } from 'vitest/node'
import { startTemporalServer } from '../dev/temporalServer.ts'

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string
    workflowBundlePath: string
  }
}

/** One Temporal server and one workflow bundle for the whole run; every test has queues of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'ourvidz-test-'))
  const [server, bundle] = await Promise.all([
    startTemporalServer({ ui: false }),
    bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
  ])
  const workflowBundlePath = join(folder, 'workflows.cjs')
  await writeFile(workflowBundlePath, bundle.code)
  project.provide('temporalAddress', server.address)
  project.provide('workflowBundlePath', workflowBundlePath)
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
