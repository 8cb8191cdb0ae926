import { readFileSync } from 'node:fs'

/** One process of this machine, told apart from a later one with the same pid by when it began. */
export interface ProcessMark {
  pid: number
  /** Boot of the machine and start of the process within it, from /proc. */
  born: string
}

export function ownProcess(): ProcessMark {
  return { pid: process.pid, born: birthOf(process.pid) ?? 'unknown' }
}

/** Whether that very process still runs. */
export function isRunning(mark: ProcessMark): boolean {
  const born = birthOf(mark.pid)
  return born !== null && born === mark.born
}

function birthOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces: fields are counted from its end. Field 3 is the state, 22 the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, started] = [fields[0], fields[19]]
    return state === 'Z' || started === undefined ? null : `${boot}/${started}`
  } catch {
    return null
  }
}
