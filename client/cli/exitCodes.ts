/** What the command line answers with. Documented in `--help`, so a script may rely on it. */
export const EXIT = {
  ok: 0,
  jobFailed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  conflict: 5,
  unexpected: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES_HELP = `
Exit codes:
  0    done
  1    a job that was waited for failed or was cancelled; a command of a card, or the stack of dev or demo, failed;
       doctor or models check found what hinders jobs; engine setup could not be done
  2    wrong usage, configuration or payload
  3    Temporal or the GPU worker cannot be reached, or Temporal refuses the connection
  4    no such job, or nothing to deliver again
  5    conflict: the id is taken by another job, the job is still running, or it is not in quarantine
  70   an unexpected error (LOG_LEVEL=debug shows where)
  130  interrupted`

/** Where several things went wrong in one call, the one that hinders most. */
const GRAVITY: readonly ExitCode[] = [
  EXIT.ok,
  EXIT.jobFailed,
  EXIT.notFound,
  EXIT.conflict,
  EXIT.usage,
  EXIT.unexpected,
  EXIT.unreachable,
  EXIT.interrupted,
]

export function worse(one: ExitCode, other: ExitCode): ExitCode {
  return GRAVITY.indexOf(one) >= GRAVITY.indexOf(other) ? one : other
}
