import { PassThrough, Readable } from 'node:stream'
import { z } from 'zod'
import { runCli } from '../../client/cli/runCli.ts'
import { registerOperatorCommands } from '../commands.ts'

/** Runs one of the operator's commands in this process, in an environment of its own. */
export async function runOps(args: string[], env: Record<string, string | undefined>) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const exitCode = await runCli(
    args,
    {
      stdin: Readable.from([]),
      stdout,
      stderr,
      interrupted: new AbortController().signal,
      readEnv: () => env,
    },
    registerOperatorCommands,
  )
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

const reportSchema = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({ check: z.string(), status: z.string(), text: z.string() })),
})

/** What `doctor` finds, as `check: status text` by check. */
export async function runDoctor(env: Record<string, string | undefined>) {
  const { exitCode, stdout, stderr } = await runOps(['doctor', '--json'], env)
  if (stderr !== '') throw new Error(stderr)
  const { ok, findings } = reportSchema.parse(JSON.parse(stdout))
  const of = (check: string) =>
    findings.filter(finding => finding.check === check).map(({ status, text }) => `${status} ${text}`)
  return { exitCode, ok, findings, of }
}
