import { createRenderStore } from '../renders.ts'

/**
 * Another process of this host that begins a render and holds it until it is killed. Arguments: folder, job id, plan hash,
 * and `card` if it has got the card.
 */
const [directory = '', jobId = '', planHash = '', card = ''] = process.argv.slice(2)
const renders = createRenderStore({ directory })
const begun = await renders.begin({ jobId, planHash })
if (card === 'card') await renders.hasCard({ jobId, planHash })
process.stdout.write(`${JSON.stringify(begun)}\n`)
process.stdin.resume().on('end', () => process.exit(0))
