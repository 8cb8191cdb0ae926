/** The store of a run, as a process of its own: `node storeProcess.ts <evidence folder> <bucket>…`. It lists its objects when it is told to stop. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startSupabaseStorage } from '../../standins/supabaseStorage.ts'
import { ObjectsOnDisk } from './objectsOnDisk.ts'

const [evidence = '', ...buckets] = process.argv.slice(2)
const objects = new ObjectsOnDisk(join(evidence, 'store'))
const storage = await startSupabaseStorage({
  buckets: Object.fromEntries(buckets.map(bucket => [bucket, {}])),
  objects,
})

function end(): never {
  writeFileSync(join(evidence, 'store.json'), `${JSON.stringify(objects.listing(), null, 1)}\n`)
  process.exit(0)
}

process.once('SIGTERM', end)
process.stdin.resume().once('end', end)
console.log(JSON.stringify({ url: storage.url }))
