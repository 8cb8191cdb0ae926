import { readdir, readFile } from 'node:fs/promises'

/** Pids of the processes of a group that still run; one that has ended and was not reaped runs no more. */
export async function processesOf(group: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async pid => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      // The name in parentheses may hold spaces. After it: state, parent, group.
      const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return state !== 'Z' && Number(of) === group ? [pid] : []
    }),
  )
  return found.flat()
}
