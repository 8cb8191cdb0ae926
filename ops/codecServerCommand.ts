import { once } from 'node:events'
import { type Command, InvalidArgumentError } from 'commander'
import type { Session } from '../client/cli/session.ts'
import { ConfigError } from '../runtime/config.ts'

interface CodecServerCommandOptions {
  host: string
  port: number
  origin?: string[]
}

const PORT = 8081

export function addCodecServerCommand(program: Command, session: Session): void {
  program
    .command('codec-server')
    .description("decrypt for Temporal's Web UI and command line, until Ctrl-C")
    .option('--host <address>', 'where it listens; CODEC_TOKEN is needed off the loopback', '127.0.0.1')
    .option('--port <number>', 'on which port; 0 is any free one', parsePort, PORT)
    .option('--origin <url...>', 'where the Web UI is (default: TEMPORAL_UI_URL)', collectUrl)
    .addHelpText(
      'after',
      `
Needs ENCRYPTION_KEYS as the workers have them. Whoever can ask it can read every prompt: keep it on the loopback, or set
CODEC_TOKEN and put it behind HTTPS. \`ourvidz dev\` starts one by itself. Not for a container, whose loopback is its own.

  temporal workflow show -w job-<id> --namespace <TEMPORAL_NAMESPACE> --codec-endpoint http://127.0.0.1:${PORT}
      (--codec-auth 'Bearer <CODEC_TOKEN>')
  Web UI: the glasses at the top right, "use browser setting", http://127.0.0.1:${PORT}`,
    )
    .action((options: CodecServerCommandOptions) => serve(session, options))
}

async function serve(session: Session, { host, port, origin }: CodecServerCommandOptions): Promise<void> {
  const { encryption, codecToken, temporal } = session.config()
  if (encryption.keys.length === 0) {
    throw new ConfigError('ENCRYPTION_KEYS: not set, so there is nothing to decrypt with')
  }
  const [{ startCodecServer }, { createPayloadCodec }] = await Promise.all([
    import('../runtime/codecServer.ts'),
    import('../runtime/payloadCodec.ts'),
  ])
  const origins = origin ?? (temporal.uiUrl === null ? [] : [temporal.uiUrl])
  const codec = createPayloadCodec(encryption)
  const server = await startCodecServer({ codec, host, port, origins, token: codecToken })
  const from = origins.length === 0 ? 'no Web UI (--origin, TEMPORAL_UI_URL)' : origins.join(', ')
  session.print(`Codec server at ${server.url}, for ${from}.`)
  await interruption(session)
  await server.close()
}

/** Ctrl-C, or SIGTERM as a supervisor sends it. */
async function interruption({ interrupted }: Session): Promise<void> {
  const over = new AbortController()
  const terminated = once(process, 'SIGTERM', { signal: over.signal })
  const stopped = interrupted.aborted
    ? Promise.resolve()
    : once(interrupted, 'abort', { signal: over.signal })
  await Promise.race([terminated, stopped])
  terminated.catch(() => {})
  stopped.catch(() => {})
  over.abort()
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('0 to 65535.')
  return port
}

function collectUrl(text: string, before: string[] = []): string[] {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new InvalidArgumentError('http(s)://host:port.')
  return [...before, text]
}
