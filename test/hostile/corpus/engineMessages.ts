import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../../../engines/protocol.ts'
import type { FailureCode } from '../../../jobs/failures.ts'

type Generate = Extract<Command, { type: 'generate' }>

/** What a hostile program has at hand while it acts one job out. */
export interface Act {
  command: Generate
  outDir: string
  /** A picture of the job's size, and one of another user's render that lies where this program can read it. */
  goodPicture: string
  othersPicture: string
  othersSha256: string
  say(event: Record<string, unknown>): void
  write(bytes: string | Uint8Array): void
  /** Asks for the card, and resolves when it is granted. */
  turn(): Promise<void>
  pause(ms: number): Promise<void>
}

export interface HostileEngine {
  name: string
  ends: readonly ('completed' | FailureCode)[]
  act: (act: Act) => Promise<void> | void
}

const INVALID = ['engine_output_invalid'] as const
const SILENT = ['engine_silent', 'engine_crashed'] as const
const CRASHED = ['engine_crashed'] as const
const COMPLETED = ['completed'] as const

const TIMINGS = { loadMs: 1, cardMs: 2, encodeMs: 3 }

/** The messages of a good job, each of which an entry may say otherwise or not at all. */
function good({ command, outDir, goodPicture, say }: Act) {
  const { id, lane, job } = command
  const path = join(outDir, '0.png')
  return {
    accepted: () => say({ type: 'accepted', id }),
    released: (more: object = {}) => say({ type: 'released', lane, id, heldMs: 1, peakMiB: 100, ...more }),
    draw: () => copyFileSync(goodPicture, path),
    artifact: (more: object = {}) =>
      say({
        type: 'artifact',
        id,
        path,
        sha256: hashOf(goodPicture),
        seed: seedOf(job),
        ...sizeOf(job),
        frames: 1,
        ...more,
      }),
    done: (more: object = {}) => say({ type: 'done', id, timings: TIMINGS, peakMiB: 100, ...more }),
  }
}

const seedOf = (job: Generate['job']) => (job.kind === 'render' ? job.seed : 0)
const sizeOf = (job: Generate['job']) =>
  job.kind === 'render' ? { width: job.width, height: job.height } : { width: 64, height: 48 }
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** A job that goes well up to its files, and tells of them as `files` does. */
const withFiles =
  (files: (act: Act, steps: ReturnType<typeof good>) => void): HostileEngine['act'] =>
  async act => {
    const steps = good(act)
    steps.accepted()
    await act.turn()
    steps.released()
    files(act, steps)
    steps.done()
  }

/** A job that goes well, with something said before it is done. */
const saying = (what: (act: Act) => void): HostileEngine['act'] =>
  withFiles((act, steps) => {
    what(act)
    steps.draw()
    steps.artifact()
  })

const elsewhere = (name: string, path: (act: Act) => string): HostileEngine => ({
  name,
  ends: INVALID,
  act: withFiles((act, steps) => {
    steps.draw()
    steps.artifact({ path: path(act) })
  }),
})

const planted = (
  name: string,
  plant: (path: string, act: Act) => void,
  sha256?: (act: Act) => string,
): HostileEngine => ({
  name,
  ends: INVALID,
  act: withFiles((act, steps) => {
    plant(join(act.outDir, '0.png'), act)
    steps.artifact(sha256 ? { sha256: sha256(act) } : {})
  }),
})

const artifactOf = (name: string, more: object, ends: HostileEngine['ends'] = INVALID): HostileEngine => ({
  name,
  ends,
  act: withFiles((_, steps) => {
    steps.draw()
    steps.artifact(more)
  }),
})

const doneWith = (name: string, more: object, ends: HostileEngine['ends'] = COMPLETED): HostileEngine => ({
  name,
  ends,
  async act(act) {
    const steps = good(act)
    steps.accepted()
    await act.turn()
    steps.released()
    steps.draw()
    steps.artifact()
    steps.done(more)
  },
})

/** A good job, but for how long it says to have held the card and how much of its memory. */
const releasing = (name: string, amount: number): HostileEngine => ({
  name,
  ends: COMPLETED,
  act: async act => {
    const steps = good(act)
    await act.turn()
    steps.released({ heldMs: amount, peakMiB: amount })
    steps.draw()
    steps.artifact()
    steps.done()
  },
})

const failingWith = (name: string, code: string, ends: HostileEngine['ends']): HostileEngine => ({
  name,
  ends,
  act: ({ command, say }) =>
    say({
      type: 'failed',
      id: command.id,
      code,
      retryable: false,
      message: `cannot tokenize: ${command.job.prompt}`,
    }),
})

export const HOSTILE_ENGINES: readonly HostileEngine[] = [
  { name: 'a good job', ends: COMPLETED, act: saying(() => {}) },

  {
    name: 'bytes that are no text',
    ends: COMPLETED,
    act: saying(({ write }) => write(Uint8Array.from([0xff, 0xfe, 0, 0xc3, 0x28, 10]))),
  },
  { name: 'a NUL and nothing', ends: COMPLETED, act: saying(({ write }) => write('\0\n\r\n\n')) },
  {
    name: 'JSON that is no object',
    ends: COMPLETED,
    act: saying(({ write }) => write('null\n[]\n"done"\n1e999\ntrue\n')),
  },
  {
    name: 'JSON of 500,000 levels',
    ends: COMPLETED,
    act: saying(({ write }) => write(`${'['.repeat(500_000)}\n`)),
  },
  {
    name: 'an object of 900 kB',
    ends: COMPLETED,
    act: saying(({ say }) => say({ type: 'pong', x: 'y'.repeat(900_000) })),
  },
  {
    name: 'keys of every object',
    ends: COMPLETED,
    act: saying(({ write }) =>
      write(
        '{"type":"ready","models":[],"memory":null,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}\n',
      ),
    ),
  },
  {
    name: 'a type that every object has',
    ends: COMPLETED,
    act: saying(({ say }) => say({ type: 'constructor' })),
  },
  {
    name: 'a line without end',
    ends: CRASHED,
    act: async act => {
      good(act).accepted()
      await act.turn()
      for (let n = 0; n < 40; n++) act.write('x'.repeat(65_536))
      await act.pause(60_000)
    },
  },
  {
    name: 'lines of rubbish without end',
    ends: CRASHED,
    act: async act => {
      await act.turn()
      for (let n = 0; n < 100; n++) act.write(`Loading: ${n} %\n`)
      await act.pause(60_000)
    },
  },
  {
    name: 'a hello again, and another version',
    ends: CRASHED,
    act: async act => {
      await act.turn()
      act.say({ type: 'hello', v: 99, pid: 1, device: 'x', name: 'x', version: '0' })
      await act.pause(60_000)
    },
  },
  {
    name: 'a last will of 900 kB',
    ends: CRASHED,
    act: async act => {
      await act.turn()
      act.say({ type: 'fatal', reason: `\u001b[2J${'x'.repeat(900_000)}` })
    },
  },
  {
    name: 'a failure of 900 kB',
    ends: ['engine_internal'],
    act: ({ command, say }) =>
      say({
        type: 'failed',
        id: command.id,
        code: 'internal',
        retryable: false,
        message: `\u001b[2J\n${'x'.repeat(900_000)}`,
      }),
  },
  failingWith('a failure that repeats its prompt', 'internal', ['engine_internal']),
  failingWith('a rejection that repeats its prompt', 'invalid_input', ['engine_rejected']),
  failingWith('a broken card that repeats its prompt', 'cuda_error', ['gpu_error']),
  {
    name: 'a last will that repeats its prompt',
    ends: CRASHED,
    act: async act => {
      await act.turn()
      act.say({ type: 'fatal', reason: `no words for ${act.command.job.prompt}` })
    },
  },
  {
    name: 'a stderr that repeats its prompt before it dies',
    ends: CRASHED,
    act: async act => {
      await act.turn()
      const { prompt } = act.command.job
      process.stderr.write(`truncated: ['${prompt}']\nValueError: ${JSON.stringify({ prompt })}\n`)
      process.exit(1)
    },
  },
  {
    name: 'a failure of no known code',
    ends: SILENT,
    act: async act => {
      act.say({ type: 'failed', id: act.command.id, code: '__proto__', retryable: true, message: 'x' })
      await act.pause(60_000)
    },
  },
  {
    name: 'cancelled, though nobody asked',
    ends: CRASHED,
    act: ({ command, say }) => say({ type: 'cancelled', id: command.id }),
  },
  {
    name: '50,000 messages of progress',
    ends: COMPLETED,
    act: saying(({ command, write }) =>
      write(
        `${JSON.stringify({ type: 'progress', id: command.id, step: 1, total: 2, phase: 'rendering' })}\n`.repeat(
          50_000,
        ),
      ),
    ),
  },
  {
    name: 'progress beyond all numbers',
    ends: COMPLETED,
    act: saying(({ command, say }) =>
      say({ type: 'progress', id: command.id, step: 9_007_199_254_740_991, total: 0, phase: 'rendering' }),
    ),
  },
  {
    name: 'progress of NaN and below nought',
    ends: COMPLETED,
    act: saying(({ command, write }) =>
      write(
        `{"type":"progress","id":"${command.id}","step":-1,"total":1e999,"phase":"rendering"}\n{"type":"progress","id":"${command.id}","step":NaN}\n`,
      ),
    ),
  },
  {
    name: 'messages about jobs that there are not',
    ends: COMPLETED,
    act: saying(({ say }) => {
      for (const id of ['', '__proto__', '../..', 'x'.repeat(900)]) {
        say({ type: 'want', lane: 'sdxl', id })
        say({ type: 'done', id, timings: TIMINGS, peakMiB: 1 })
      }
    }),
  },
  {
    name: 'messages about its job in a lane that is not its own',
    ends: COMPLETED,
    act: saying(({ command, say }) => {
      say({ type: 'released', lane: 'wan.video', id: command.id, heldMs: 1 })
      say({ type: 'want', lane: 'wan.video', id: command.id })
    }),
  },
  {
    name: 'a lane that there is not',
    ends: COMPLETED,
    act: saying(({ command, say }) => say({ type: 'want', lane: 'constructor', id: command.id })),
  },
  {
    name: 'models and memory that cannot be',
    ends: COMPLETED,
    act: saying(({ say }) =>
      say({
        type: 'ready',
        models: ['__proto__', 'x'.repeat(10_000)],
        memory: { reservedMiB: -1e300, totalMiB: 1e300 },
      }),
    ),
  },
  { name: 'done before it was accepted', ends: INVALID, act: act => good(act).done() },
  {
    name: 'files without having had the card',
    ends: COMPLETED,
    act: act => {
      const steps = good(act)
      steps.draw()
      steps.artifact()
      steps.done()
    },
  },
  {
    name: 'released without having held',
    ends: COMPLETED,
    act: act => {
      const steps = good(act)
      steps.released()
      steps.released({ heldMs: 1e9 })
      steps.draw()
      steps.artifact()
      steps.done()
    },
  },
  {
    name: 'yielded without having held',
    ends: COMPLETED,
    act: act => {
      const { id, lane } = act.command
      act.say({ type: 'yielded', lane, id, heldMs: 1e9 })
      const steps = good(act)
      steps.draw()
      steps.artifact()
      steps.done()
    },
  },
  {
    name: 'done while it holds the card',
    ends: COMPLETED,
    act: async act => {
      const steps = good(act)
      await act.turn()
      steps.draw()
      steps.artifact()
      steps.done()
    },
  },
  {
    name: 'wants the card again and again',
    ends: COMPLETED,
    act: async act => {
      const { id, lane } = act.command
      for (let n = 0; n < 500; n++) act.say({ type: 'want', lane, id })
      await saying(() => {})(act)
    },
  },
  releasing('held for longer than there is time', 1e300),
  releasing('held for less than nothing', -1e300),
  {
    name: 'goes on after it is done',
    ends: COMPLETED,
    act: async act => {
      await saying(() => {})(act)
      const steps = good(act)
      steps.artifact()
      steps.done()
      act.say({ type: 'want', lane: act.command.lane, id: act.command.id })
      act.say({ type: 'failed', id: act.command.id, code: 'oom', retryable: true, message: 'late' })
    },
  },
  doneWith(
    'timings beyond all numbers',
    { timings: { loadMs: 1e300, cardMs: 1e300, encodeMs: 1e300 }, peakMiB: 1e300 },
    [...COMPLETED, ...SILENT],
  ),
  doneWith('timings below nought', { timings: { loadMs: -1, cardMs: -1, encodeMs: -1 } }, SILENT),
  doneWith('a method of 900 kB', { referenceMethod: `\u001b[2J\u0000${'x'.repeat(900_000)}` }),

  {
    name: 'a file outside',
    ends: INVALID,
    act: withFiles(({ othersPicture, othersSha256 }, steps) => {
      steps.draw()
      steps.artifact({ path: othersPicture, sha256: othersSha256 })
    }),
  },
  elsewhere('a file that climbs', ({ outDir }) => `${outDir}/../0.png`),
  elsewhere(
    'a file that climbs and comes back',
    ({ outDir }) => `${outDir}/../${outDir.split('/').at(-1)}/0.png`,
  ),
  elsewhere('a file by a short name', () => '0.png'),
  elsewhere('a file with two slashes', ({ outDir }) => `${outDir}//0.png`),
  elsewhere('a file in a folder below', ({ outDir }) => `${outDir}/x/0.png`),
  elsewhere('a file with a NUL', ({ outDir }) => `${outDir}/0.png\0.png`),
  elsewhere('a file by URL', ({ outDir }) => `file://${outDir}/0.png`),
  elsewhere('a name of 900 kB', ({ outDir }) => `${outDir}/${'0'.repeat(900_000)}.png`),
  elsewhere('a hidden name', ({ outDir }) => `${outDir}/.png`),
  elsewhere('a name of another kind', ({ outDir }) => `${outDir}/0.mp4`),
  elsewhere('/etc/passwd', () => '/etc/passwd'),

  planted('no file', () => {}),
  planted(
    'a link to /etc/passwd',
    path => symlinkSync('/etc/passwd', path),
    () => hashOf('/etc/passwd'),
  ),
  planted(
    'a link to another’s picture',
    (path, { othersPicture }) => symlinkSync(othersPicture, path),
    ({ othersSha256 }) => othersSha256,
  ),
  planted(
    'a hard link to another’s picture',
    (path, { othersPicture }) => linkSync(othersPicture, path),
    ({ othersSha256 }) => othersSha256,
  ),
  planted('a link to itself', path => symlinkSync(path, path)),
  planted('a folder', path => mkdirSync(path)),
  planted('a pipe', path => void execFileSync('mkfifo', [path])),
  planted('a device', path => symlinkSync('/dev/zero', path)),
  planted('an empty file', path => writeFileSync(path, '')),
  planted('another file than it says', path => writeFileSync(path, 'a lighthouse')),
  planted('4 GB of nothing', path => {
    writeFileSync(path, '')
    truncateSync(path, 4 * 2 ** 30)
  }),
  planted('900 MB of nothing', path => {
    writeFileSync(path, '')
    truncateSync(path, 900 * 2 ** 20)
  }),
  {
    name: 'its folder replaced by a link',
    ends: INVALID,
    act: withFiles((act, steps) => {
      rmSync(act.outDir, { recursive: true })
      symlinkSync(join(act.othersPicture, '..'), act.outDir)
      const path = join(act.outDir, act.othersPicture.split('/').at(-1) ?? '')
      steps.artifact({ path, sha256: act.othersSha256 })
    }),
  },
  {
    name: 'its folder gone',
    ends: INVALID,
    act: withFiles((act, steps) => {
      rmSync(act.outDir, { recursive: true })
      steps.artifact()
    }),
  },
  {
    name: 'a thumbnail planted as a link to another’s picture',
    ends: COMPLETED,
    act: withFiles((act, steps) => {
      symlinkSync(act.othersPicture, join(act.outDir, '0.thumb.webp'))
      steps.draw()
      steps.artifact()
    }),
  },
  {
    name: 'a thumbnail planted as a folder',
    ends: [...COMPLETED, ...INVALID],
    act: withFiles((act, steps) => {
      mkdirSync(join(act.outDir, '0.thumb.webp'))
      steps.draw()
      steps.artifact()
    }),
  },

  {
    name: 'the file twice',
    ends: INVALID,
    act: withFiles((_, steps) => {
      steps.draw()
      steps.artifact()
      steps.artifact()
    }),
  },
  {
    name: '10,000 files',
    ends: INVALID,
    act: withFiles((_, steps) => {
      for (let n = 0; n < 10_000; n++) steps.artifact()
    }),
  },
  artifactOf('another hash', { sha256: '0'.repeat(64) }),
  artifactOf('a hash that is none', { sha256: '../../etc/passwd' }, INVALID),
  artifactOf('another seed', { seed: 8 }),
  artifactOf('a seed below nought', { seed: -7 }),
  artifactOf('another size', { width: 65 }),
  artifactOf('a size of 1e300', { width: 1e300 }),
  artifactOf('more frames', { frames: 81 }),
]
