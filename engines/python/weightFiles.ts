import { open, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { WeightPart } from './weights.ts'

export interface PartReport {
  bytes: number
  /** `missing: …` or `broken: …`; empty where all is well. */
  problems: string[]
  /** All of it is there and can be read, if perhaps too small for what it should be. */
  whole: boolean
}

type FilesReport = Omit<PartReport, 'whole'>

/** Half of what we expect: some repositories keep smaller types, none keeps so few. */
const LEAST = 0.5
const HEADER_LIMIT_BYTES = 100 * 2 ** 20

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })
const headerSchema = z.record(z.string(), z.unknown())
const tensorSchema = z.object({ data_offsets: z.tuple([z.number(), z.number()]) })

/** What was found in a file, for as long as it stays the same: some are megabytes of JSON, and a worker looks again and again. */
const seen = new Map<string, { bytes: number; changedMs: number; problem: string | null }>()

/** Looks whether a part is there, whole, and of a plausible size. Reads headers only, so gigabytes take no time. */
export async function checkPart(directory: string, part: WeightPart): Promise<PartReport> {
  const found = await checkFiles(join(directory, part.path), part.kind)
  const whole = found.problems.length === 0
  if (!whole || part.kind === 'json' || found.bytes >= LEAST * part.bytes) return { ...found, whole }
  const small = `broken: ${part.path} has ${found.bytes} bytes, and about ${part.bytes} are expected`
  return { ...found, whole, problems: [small] }
}

function checkFiles(file: string, kind: WeightPart['kind']): Promise<FilesReport> {
  switch (kind) {
    case 'json':
      return checkFile(file, checkJson)
    case 'file':
      return checkFile(file, checkZip)
    case 'safetensors':
      return checkFile(file, checkSafetensors)
    case 'sharded':
      return checkSharded(file)
  }
}

/** `look` gives what is wrong with the file's content, or null. */
async function checkFile(
  file: string,
  look: (file: string, bytes: number) => Promise<string | null>,
): Promise<FilesReport> {
  const found = await stat(file).catch(() => null)
  if (found === null || !found.isFile()) return { bytes: 0, problems: [`missing: ${file}`] }
  const { size: bytes, ctimeMs: changedMs } = found
  const report = (problem: string | null) => ({
    bytes,
    problems: problem === null ? [] : [`broken: ${file}: ${problem}`],
  })
  const before = seen.get(file)
  if (before?.bytes === bytes && before.changedMs === changedMs) return report(before.problem)
  try {
    const problem = bytes === 0 ? 'it is empty' : await look(file, bytes)
    seen.set(file, { bytes, changedMs, problem })
    return report(problem)
  } catch (error) {
    return report(error instanceof Error ? error.message : String(error))
  }
}

async function checkJson(file: string): Promise<null> {
  await readJson(file)
  return null
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'))
}

/** torch's `.pth` are zip archives, whose directory stands at the end: one that was cut short has none. */
async function checkZip(file: string, bytes: number): Promise<string | null> {
  const start = await readBytes(file, 0, 2)
  if (start.toString('latin1') !== 'PK') return null
  const length = Math.min(bytes, 66_000)
  const end = await readBytes(file, bytes - length, length)
  return end.includes('PK\u0005\u0006', 0, 'latin1') ? null : 'it is cut short'
}

/** The header tells how long the file must be. */
async function checkSafetensors(file: string, bytes: number): Promise<string | null> {
  if (bytes < 8) return 'it is cut short'
  const length = Number((await readBytes(file, 0, 8)).readBigUInt64LE())
  if (length > HEADER_LIMIT_BYTES) return 'it is no safetensors file'
  if (8 + length > bytes) return 'it is cut short'
  const header = headerSchema.parse(JSON.parse((await readBytes(file, 8, length)).toString('utf8')))
  const ends = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([, tensor]) => tensorSchema.parse(tensor).data_offsets[1])
  const whole = 8 + length + ends.reduce((most, end) => Math.max(most, end), 0)
  if (bytes === whole) return null
  return bytes < whole ? `it is cut short: ${bytes} of ${whole} bytes` : 'it is longer than its header says'
}

async function checkSharded(file: string): Promise<FilesReport> {
  const index = `${file}.safetensors.index.json`
  if ((await stat(index).catch(() => null)) === null) {
    return checkFile(`${file}.safetensors`, checkSafetensors)
  }
  const read = await checkFile(index, checkJson)
  if (read.problems.length > 0) return read
  // It may be replaced at this very moment.
  const parsed = indexSchema.safeParse(await readJson(index).catch(() => null))
  if (!parsed.success) return { bytes: 0, problems: [`broken: ${index}: it names no shards`] }
  const shards = [...new Set(Object.values(parsed.data.weight_map))]
  const reports = await Promise.all(
    shards.map(shard => checkFile(join(dirname(file), shard), checkSafetensors)),
  )
  return {
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: reports.flatMap(({ problems }) => problems),
  }
}

async function readBytes(file: string, position: number, length: number): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
