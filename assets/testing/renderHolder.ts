import { createRenderStore } from '../renders.ts'

/** Another process of this host that begins a render and holds it until it is killed. Arguments: folder, job id, plan hash. */
const [directory = '', jobId = '', planHash = ''] = process.argv.slice(2)
const begun = await createRenderStore({ directory }).begin({ jobId, planHash })
process.stdout.write(`${JSON.stringify(begun)}\n`)
process.stdin.resume().on('end', () => process.exit(0))
