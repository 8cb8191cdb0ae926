import { execa } from 'execa'
import { z } from 'zod'
import type { RenderJob } from '../../engines/protocol.ts'
import type { BareEngineOptions } from './bareEngine.ts'
import type { Place } from './place.ts'
import { tellLines } from './tellLines.ts'
import { within } from './within.ts'

const LIFE_MS = 3 * 3_600_000
/** Loads a model too. */
const MORE_MS = 5 * 60_000

const answer = z.object({ seconds: z.number().nonnegative() })

/** bare.py: diffusers' pipelines without anything of ours. */
export interface BareLoop {
  /** Seconds to the last latent. */
  run(job: RenderJob): Promise<number>
  /** Takes its models off the card. */
  drop(): Promise<void>
  close(): Promise<void>
}

export function startBareLoop(
  place: Place,
  { compile, jobLimitMs, tell = () => {} }: BareEngineOptions,
): BareLoop {
  const { args: given } = place.program(compile)
  const of = (name: string) => [name, String(given[given.indexOf(name) + 1])]
  const options = ['--device', '--models-dir', '--sdxl-checkpoint', '--cache-dir'].flatMap(of)
  const { command, args, env } = place.script('bare.py', [...options, ...(compile ? ['--compile'] : [])])
  const loop = execa(command, args, {
    ...{ env, extendEnv: false, reject: false, timeout: LIFE_MS, killSignal: 'SIGKILL' },
    buffer: { stdout: false, stderr: true },
  })
  const answers = loop.iterable({ from: 'stdout' })[Symbol.asyncIterator]()

  async function ask(question: object): Promise<number> {
    loop.stdin.write(`${JSON.stringify(question)}\n`)
    const { value } = await within('a bare run', jobLimitMs + MORE_MS, answers.next())
    if (value !== undefined) return answer.parse(JSON.parse(String(value))).seconds
    throw new Error(`the bare loop has ended: ${String((await loop).stderr).slice(-2_000)}`)
  }

  return {
    async run({ family, images, width, height, frames, steps, references }) {
      const start = references[0]?.path ?? null
      return await ask({ family, images, width, height, frames, steps, start })
    },
    async drop() {
      await ask({ family: null })
    },
    async close() {
      loop.stdin.end()
      const timer = setTimeout(() => loop.kill('SIGKILL'), 10_000)
      const { stderr } = await loop
      clearTimeout(timer)
      tellLines(tell, String(stderr), 'bare: ')
    },
  }
}
