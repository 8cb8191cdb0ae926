import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { Family } from '../../../jobs/jobTypes.ts'
import { nowMs } from '../clock.ts'
import { onJsonLines } from '../jsonLines.ts'
import type { ProgramOptions } from '../programOptions.ts'
import type { Work } from '../work.ts'
import { type EngineJob, engineEventSchema } from './engineMessages.ts'

export interface WarmEngine {
  /** Renders; one job computes at a time, the lowest `priority` first. Gives the files. */
  render(work: Work, priority: number): Promise<string[]>
}

interface Waiting {
  priority: number
  begin: () => void
}

const PROGRAM = fileURLToPath(new URL('./engineProgram.ts', import.meta.url))

/** Starts a warm engine, and waits until its models are there. It ends with us, by the end of its standard input. */
export async function startEngine(
  options: ProgramOptions & { family: Family; outDir: string },
): Promise<WarmEngine> {
  const { outDir } = options
  const argument = JSON.stringify({ ...options, startedMs: nowMs() })
  const program = execa(process.execPath, [PROGRAM, argument], {
    stdin: 'pipe',
    stderr: 'inherit',
    buffer: false,
    reject: false,
  })
  const ready = Promise.withResolvers<void>()
  const rendering = new Map<string, { computed: () => void; over: PromiseWithResolvers<string[]> }>()
  const line: Waiting[] = []
  let busy = false

  onJsonLines(program.stdout, value => {
    const event = engineEventSchema.parse(value)
    if (event.type === 'ready') return ready.resolve()
    const job = rendering.get(event.jobId)
    switch (event.type) {
      case 'computed':
        return job?.computed()
      case 'saved':
        return job?.over.resolve(event.files)
      case 'failed':
        job?.computed()
        job?.over.reject(new Error(event.message))
    }
  })
  const died = once(program, 'exit').then(() => new Error(`the engine of ${options.family} has ended`))
  void died.then(error => {
    ready.reject(error)
    for (const { over } of rendering.values()) over.reject(error)
  })

  async function enter(priority: number): Promise<void> {
    if (!busy) {
      busy = true
      return
    }
    await new Promise<void>(begin => {
      line.push({ priority, begin })
      line.sort((a, b) => a.priority - b.priority)
    })
  }

  function leave(): void {
    const next = line.shift()
    if (next === undefined) busy = false
    else next.begin()
  }

  await ready.promise
  return {
    async render(work, priority) {
      await enter(priority)
      const over = Promise.withResolvers<string[]>()
      let left = false
      const computed = () => {
        if (!left) leave()
        left = true
      }
      rendering.set(work.jobId, { computed, over })
      const job: EngineJob = { work, outDir }
      program.stdin.write(`${JSON.stringify(job)}\n`)
      try {
        return await over.promise
      } finally {
        computed()
        rendering.delete(work.jobId)
      }
    },
  }
}
