/** Failures that a job can ask this engine to act out, for an app's developer to see what each looks like. */
export const SIMULATIONS = {
  oom: 'The card runs out of memory in mid-render: `failed`, code `oom`, retryable.',
  cuda_error: 'The card reports an error in mid-render: `failed`, code `cuda_error`, then the program exits.',
  invalid_input:
    'The job is refused before anything is drawn: `failed`, code `invalid_input`, not retryable.',
  model_missing: 'The model is not installed: `failed`, code `model_missing`, not retryable.',
  internal: 'An unexpected error in mid-render: `failed`, code `internal`, retryable.',
  disk_full: 'No space is left when the files are written: `failed`, code `disk_full`, retryable.',
  crash: 'The program exits with code 1 in mid-render, without a word.',
  exit_0: 'The program ends with code 0 instead of making the files, without a word.',
  kill: 'The program kills itself with SIGKILL in mid-render.',
  hang: 'In mid-render the program stops sending anything, ignores every command, and keeps running.',
  no_file: 'The job ends `done` without having made a file (or, when it enhances a prompt, a text).',
  truncated: 'The first file is cut in half before it is hashed: its hash is right, its content is not.',
  flood: 'In mid-render the program writes thousands of lines of noise to stdout and stderr, then goes on.',
  slow: 'The render takes ten times as long as it would, and five seconds at least.',
} as const

export type Simulation = keyof typeof SIMULATIONS

export interface Wish {
  simulation: Simulation
  /** How many attempts fail, by `crash:once`, `crash:twice` and `crash:thrice`; null: all. */
  times: number | null
}

/** When in a job's life a failure is acted out. */
export const MOMENTS = {
  oom: 'halfway',
  cuda_error: 'halfway',
  invalid_input: 'accepted',
  model_missing: 'loading',
  internal: 'halfway',
  disk_full: 'saving',
  crash: 'halfway',
  exit_0: 'saving',
  kill: 'halfway',
  hang: 'halfway',
  no_file: 'saving',
  truncated: 'saving',
  flood: 'halfway',
  slow: 'rendering',
} as const satisfies Record<Simulation, string>

export type Moment = (typeof MOMENTS)[Simulation]

const TIMES: ReadonlyMap<string | undefined, number | null> = new Map([
  [undefined, null],
  ['once', 1],
  ['twice', 2],
  ['thrice', 3],
])

/** Reads `crash`, `crash:once`, `crash:twice` or `crash:thrice`; undefined for anything else. */
export function parseWish(text: string): Wish | undefined {
  const [name = '', suffix, ...rest] = text.split(':')
  if (!isSimulation(name) || rest.length > 0) return undefined
  const times = TIMES.get(suffix)
  return times === undefined ? undefined : { simulation: name, times }
}

function isSimulation(name: string): name is Simulation {
  return Object.hasOwn(SIMULATIONS, name)
}
