import { createReporter } from './createReporter.ts'
import { EXIT } from './exitCodes.ts'
import type { Session } from './session.ts'

/** Watches jobs side by side until all have ended, and sets the exit code. Ctrl-C leaves them running. */
export async function follow(
  session: Session,
  jobIds: readonly string[],
  { json }: { json: boolean },
): Promise<void> {
  const pipeline = await session.pipeline()
  const reporter = await createReporter({ stdout: session.stdout, json })
  const errors: { jobId: string; error: unknown }[] = []
  const followOne = async (jobId: string) => {
    try {
      for await (const job of pipeline.watch(jobId, { signal: session.interrupted })) {
        reporter.update(job)
        if (job.outcome !== null && job.status !== 'completed') session.ended(EXIT.jobFailed)
      }
    } catch (error) {
      errors.push({ jobId, error })
    }
  }
  await Promise.all([...new Set(jobIds)].map(followOne))
  reporter.stop()
  for (const { jobId, error } of errors) session.fail(error, errors.length > 1 ? jobId : undefined)
  if (session.interrupted.aborted) {
    session.stderr.write(
      `Interrupted. The jobs go on: follow them with \`ourvidz watch\`, stop them with \`ourvidz cancel\`.\n`,
    )
  }
}
