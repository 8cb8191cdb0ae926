import { readdirSync, readFileSync } from 'node:fs'

export interface FoundProcess {
  pid: number
  parent: number
  command: string
}

/** Every process of this machine, as /proc shows them. */
export function allProcesses(): FoundProcess[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), command }]
      } catch {
        return [] // ended meanwhile
      }
    })
}

/** The preview engine that a GPU worker has started; null between two lives. */
export function engineOf(workerPid: number): number | null {
  const found = allProcesses().find(
    ({ parent, command }) => parent === workerPid && command.includes('engines/preview/main.ts'),
  )
  return found?.pid ?? null
}

/** Whether a process was started with an environment or arguments that name this folder. */
export function belongsTo(folder: string, { pid, command }: FoundProcess): boolean {
  if (command.includes(folder)) return true
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)
  } catch {
    return false
  }
}
