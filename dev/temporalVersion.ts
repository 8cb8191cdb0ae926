import { execa } from 'execa'

/** The version that we bring and test with: server 1.29.1 with its Web UI. Later ones cannot be built by `go install`. */
export const TEMPORAL_CLI_VERSION = '1.5.1'

/** Pausing and resetting activities, fairness and worker heartbeats came with it. */
const OLDEST_SERVER = [1, 29] as const
const VERSION_TIMEOUT_MS = 20_000

/** Asks a `temporal` program for its version. Throws with the reason why it cannot be used. */
export async function checkTemporalVersion(file: string): Promise<string> {
  const { stdout, failed, shortMessage } = await execa(file, ['--version'], {
    reject: false,
    stdin: 'ignore',
    timeout: VERSION_TIMEOUT_MS,
  })
  if (failed) throw new Error(shortMessage)
  // A program that `go install` built calls itself 0.0.0-DEV, so the server's version counts.
  const [, major, minor] = /\(Server (\d+)\.(\d+)/.exec(stdout) ?? []
  if (major === undefined || minor === undefined) {
    throw new Error(`it does not say which server it brings: ${stdout.slice(0, 100)}`)
  }
  const newEnough =
    Number(major) > OLDEST_SERVER[0] ||
    (Number(major) === OLDEST_SERVER[0] && Number(minor) >= OLDEST_SERVER[1])
  if (!newEnough) {
    throw new Error(`it brings server ${major}.${minor}, and ${OLDEST_SERVER.join('.')} is needed (CLI 1.5)`)
  }
  return stdout.trim()
}
