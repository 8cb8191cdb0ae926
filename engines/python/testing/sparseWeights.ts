import { mkdir, open, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { WeightPart, WeightSet } from '../weights.ts'

/** Writes a whole set as it would be downloaded, of its full size but sparse: gigabytes that take no room. */
export async function writeSparseSet({ directory, parts }: WeightSet): Promise<void> {
  for (const part of parts) await writePart(join(directory, part.path), part)
}

async function writePart(file: string, part: WeightPart): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  switch (part.kind) {
    case 'json':
      return writeFile(file, '{}')
    case 'file':
      await writeFile(file, '')
      return truncate(file, part.bytes)
    case 'safetensors':
      return writeSafetensors(file, part.bytes)
    case 'sharded': {
      const shards = ['00001-of-00002', '00002-of-00002'].map(number => `${file}-${number}.safetensors`)
      for (const shard of shards) await writeSafetensors(shard, part.bytes / 2)
      const names = shards.map(shard => shard.slice(dirname(file).length + 1))
      const weight_map = { first: names[0], second: names[1], third: names[1] }
      return writeFile(`${file}.safetensors.index.json`, JSON.stringify({ weight_map }))
    }
  }
}

/** One tensor of so many bytes, all zero. */
export async function writeSafetensors(file: string, bytes: number): Promise<void> {
  const header = JSON.stringify({
    __metadata__: { format: 'pt' },
    weight: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] },
  })
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(header.length))
  const handle = await open(file, 'w')
  await handle.write(Buffer.concat([start, Buffer.from(header)]))
  await handle.truncate(8 + header.length + bytes)
  await handle.close()
}
