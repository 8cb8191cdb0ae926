import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ExampleJob, newExampleJobs } from '../../dev/exampleJobs.ts'
import { type CommandEnd, type DevProcess, startDevProcess } from './devProcess.ts'
import { EXPECTED } from './expectedExamples.ts'
import { type JobLine, lastLines } from './records.ts'

const EXAMPLES = new URL('../../examples/', import.meta.url)
/** What a payload may name a reference by, and what says how it is to act. */
const REFERENCE_KEYS = /^(image|first_frame|last_frame|.*reference_.*)$/

/** All examples, and jobs made of them, gone through a development stack by one `submit --wait --json`. */
export interface ExampleRun {
  dev: DevProcess
  command: CommandEnd
  /** The last that was told of each job. */
  ends: Map<string, JobLine>
  examples: Record<string, ExampleJob>
  variants: Record<VariantName, ExampleJob>
}

type VariantName = keyof ReturnType<typeof variantsOf>

export async function runExamples(): Promise<ExampleRun> {
  const dev = await startDevProcess()
  try {
    const fresh = await newExampleJobs(dev.store)
    const examples = Object.fromEntries(
      await Promise.all(Object.keys(EXPECTED).map(async name => [name, await freshOf(name, fresh)] as const)),
    )
    const variants = variantsOf(name => {
      const job = examples[name]
      if (job === undefined) throw new Error(`no example ${name}`)
      return job
    })
    const files = await Promise.all(
      Object.entries({ ...examples, ...variants }).map(async ([name, job]) => {
        const file = join(dev.dataDir, `${name}.json`)
        await writeFile(file, JSON.stringify(job))
        return file
      }),
    )
    const command = await dev.ourvidz(['submit', ...files, '--wait', '--json'])
    return { dev, command, ends: lastLines(command.stdout), examples, variants }
  } catch (error) {
    await dev.stop()
    throw error
  }
}

/** The new job of an example file: the one of its type and prompt. */
async function freshOf(name: string, fresh: readonly ExampleJob[]): Promise<ExampleJob> {
  const { type, prompt } = JSON.parse(await readFile(new URL(`${name}.json`, EXAMPLES), 'utf8'))
  const job = fresh.find(job => job.type === type && job.prompt === prompt)
  if (job === undefined) throw new Error(`no example job for ${name}`)
  return job
}

/** Each differs from its example in one thing only, its id apart. */
function variantsOf(example: (name: string) => ExampleJob) {
  const seeded = changed(example('sdxl_image_high-character'), { seed: 5 })
  const style = example('sdxl_image_fast-style')
  const composition = example('sdxl_image_high-composition')
  const plain = example('sdxl_image_fast')
  return {
    'image again': again(plain),
    'video again': again(example('video_fast')),
    'another negative prompt': { ...again(plain), negative_prompt: 'people' },
    'no negative prompt': { ...again(plain), negative_prompt: undefined, metadata: {} },
    'second of three': changed(style, { num_images: 1, seed: 8 }),
    'third of three': changed(style, { num_images: 1, seed: 9 }),
    'last of six': changed(composition, { num_images: 1, seed: 426 }),
    'character, seeded': seeded,
    'character, unreferenced': withoutReference(seeded),
    'style, unreferenced': withoutReference(changed(style, { num_images: 1 })),
    'composition, unreferenced': withoutReference(changed(composition, { num_images: 1 })),
    'image, unreferenced': withoutReference(example('image_high-single')),
    'video, unreferenced': withoutReference(example('video_fast-single')),
  } satisfies Record<string, ExampleJob>
}

function again(job: ExampleJob): ExampleJob {
  return { ...job, id: randomUUID() }
}

function changed(job: ExampleJob, config: Record<string, unknown>): ExampleJob {
  return { ...again(job), config: { ...objectOf(job.config), ...config } }
}

function withoutReference(job: ExampleJob): ExampleJob {
  const kept = (part: unknown) =>
    Object.fromEntries(Object.entries(objectOf(part)).filter(([key]) => !REFERENCE_KEYS.test(key)))
  return { ...again(job), config: kept(job.config), metadata: kept(job.metadata) }
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
