import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { createDirectoryStore } from '../../assets/directoryStore.ts'
import type { ObjectStore } from '../../assets/store.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/ourvidz.ts', import.meta.url))
const SIGNING_KEY = 'signing-key-of-a-test'
const READY_MS = 60_000

const addressesSchema = z.looseObject({ storeUrl: z.url() })

interface CommandOptions {
  stdin?: string
  /** Gets the output so far whenever more comes, and may send a signal. */
  onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void
}

export interface CommandEnd {
  exitCode: number | undefined
  stdout: string
  stderr: string
}

/** `ourvidz dev` as a process of its own, and the command line beside it, as a person has them in two terminals. */
export interface DevProcess {
  dataDir: string
  /** The store's folder. */
  storeDir: string
  store: ObjectStore
  /** Runs one command to its end. */
  ourvidz(args: readonly string[], options?: CommandOptions): Promise<CommandEnd>
  /** Ctrl-C, and the folder goes away. */
  stop(): Promise<void>
}

/** Starts a development stack that renders as fast as it can, in a folder of its own; `env` is what it has besides. */
export async function startDevProcess(env: Record<string, string> = {}): Promise<DevProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ourvidz-e2e-'))
  const options = {
    // Not the repository: a `.env` there is the developer's.
    cwd: dataDir,
    env: {
      DATA_DIR: dataDir,
      STORE_SIGNING_KEY: SIGNING_KEY,
      PREVIEW_SPEED: '0',
      LOG_LEVEL: 'warn',
      TEMPORAL_ADDRESS: '',
      // The test runner asks for colours, which a pipe does not get by itself.
      FORCE_COLOR: undefined,
      ...env,
    },
    reject: false,
  } as const
  const dev = execa(process.execPath, [PROGRAM, 'dev', '--no-ui'], { ...options, all: true })
  const stop = async () => {
    dev.kill('SIGINT')
    await dev
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    await readiness(dev)
    const { storeUrl } = addressesSchema.parse(JSON.parse(await readFile(join(dataDir, 'dev.json'), 'utf8')))
    const storeDir = join(dataDir, 'store')
    return {
      dataDir,
      storeDir,
      store: createDirectoryStore({ directory: storeDir, url: storeUrl, signingKey: SIGNING_KEY }),
      async ourvidz(args, { stdin = '', onOutput } = {}) {
        const child = execa(process.execPath, [PROGRAM, ...args], {
          ...options,
          input: stdin,
          timeout: 180_000,
        })
        let said = ''
        child.stdout.on('data', chunk => {
          said += chunk
          onOutput?.(said, signal => child.kill(signal))
        })
        const { exitCode, stdout, stderr } = await child
        return { exitCode, stdout, stderr }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Resolves once the stack says that it is ready. */
async function readiness(
  dev: PromiseLike<{ exitCode?: number | undefined }> & { all: NodeJS.ReadableStream },
): Promise<void> {
  let said = ''
  const ready = new Promise<void>(resolve => {
    dev.all.on('data', chunk => {
      said += chunk
      if (said.includes('Ready.')) resolve()
    })
  })
  const problem = (why: string) => Promise.reject(new Error(`The development stack ${why}: ${said}`))
  const ended = dev.then(({ exitCode }) => problem(`ended with ${exitCode}`))
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`The development stack is not ready: ${said}`)), READY_MS)
  await Promise.race([ready, ended, late]).finally(() => clearTimeout(timer))
}
