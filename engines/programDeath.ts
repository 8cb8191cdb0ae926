import { type FailureCode, JobFailure } from '../jobs/failures.ts'
import type { Lane } from '../jobs/jobTypes.ts'

/** Why a program died. One per life: the first that is known wins over what follows from it. */
export interface DeathReason {
  kind:
    | 'not-spawned'
    | 'exited'
    | 'fatal'
    | 'start-timeout'
    | 'protocol-violation'
    | 'silent'
    | 'gpu-error'
    | 'deaf-to-cancel'
    | 'hung'
    | 'stopped'
  message: string
  /** The job that it was killed for, where that is known. */
  culprit?: { taskId: string; lane: Lane }
}

export interface ProgramDeath {
  reason: DeathReason
  exitCode: number | null
  signal: string | null
  stderrTail: string[]
}

/** What the jobs of a dead program are told: retryable, with the reason, how it ended and its last lines of stderr. */
export function deathFailure(death: ProgramDeath): JobFailure {
  const code: FailureCode = death.reason.kind === 'silent' ? 'engine_silent' : 'engine_crashed'
  return new JobFailure(code, describeDeath(death))
}

export function describeDeath({ reason, exitCode, signal, stderrTail }: ProgramDeath): string {
  const how =
    signal !== null ? `signal ${signal}` : exitCode !== null ? `exit code ${exitCode}` : 'not started'
  const said =
    stderrTail.length === 0 ? 'stderr was empty' : `last lines of stderr:\n${stderrTail.join('\n')}`
  return `${reason.message} (${how}); ${said}`
}
