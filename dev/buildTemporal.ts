import { join } from 'node:path'
import { execa } from 'execa'
import { TEMPORAL_CLI_VERSION } from './temporalVersion.ts'

const MODULE = `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`
const REPORT_MS = 30_000
const LIMIT_MS = 30 * 60_000

export interface BuildOptions {
  /** Where `go` is looked for. */
  path: string
  tell: (line: string) => void
  signal?: AbortSignal
}

/** Builds `temporal` from source with the Go toolchain into a folder, which takes minutes; gives its path. */
export async function buildTemporal(folder: string, { path, tell, signal }: BuildOptions): Promise<string> {
  const env = { PATH: path, CGO_ENABLED: '0', GOBIN: folder }
  const { failed: noGo } = await execa('go', ['version'], { env, reject: false })
  if (noGo) throw new Error('there is no go on PATH')
  tell('Building the Temporal server from source with Go, once: about 4 minutes…')
  const startedMs = Date.now()
  const report = setInterval(
    () => tell(`Still building the Temporal server (${Math.round((Date.now() - startedMs) / 1000)} s)…`),
    REPORT_MS,
  )
  try {
    await execa('go', ['install', '-ldflags', '-s -w', MODULE], {
      env,
      stdin: 'ignore',
      timeout: LIMIT_MS,
      ...(signal ? { cancelSignal: signal } : {}),
    })
  } finally {
    clearInterval(report)
  }
  return join(folder, 'temporal')
}
