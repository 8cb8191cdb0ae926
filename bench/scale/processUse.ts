import { readdir, readFile } from 'node:fs/promises'

/** The kernel's clock ticks a second, the same on every usual Linux. */
const TICKS_PER_SECOND = 100

/** CPU time that the processes have used so far, in ms; one that is gone counts nothing. Linux only. */
export async function cpuMs(pids: readonly number[]): Promise<number> {
  const ticks = await Promise.all(
    pids.map(async pid => {
      const fields = await statFields(pid)
      // utime and stime, the 14th and 15th field; these begin with the third.
      return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
    }),
  )
  return (ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND) * 1000
}

/** Memory that the processes hold, in MiB (VmRSS). Linux only. */
export async function residentMib(pids: readonly number[]): Promise<number> {
  const kib = await Promise.all(
    pids.map(async pid => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
    }),
  )
  return kib.reduce((sum, each) => sum + each, 0) / 1024
}

/** A process and all that it started. */
export async function treeOf(root: number): Promise<number[]> {
  const names = await readdir('/proc')
  const pids = names.filter(name => /^\d+$/.test(name)).map(Number)
  const parents = new Map(
    await Promise.all(
      pids.map(async (pid): Promise<[number, number]> => [pid, Number((await statFields(pid))[1])]),
    ),
  )
  const tree = [root]
  for (const member of tree) {
    for (const [pid, parent] of parents) if (parent === member) tree.push(pid)
  }
  return tree
}

/** From the third field on: the second is the program's name, which may hold anything. */
async function statFields(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
