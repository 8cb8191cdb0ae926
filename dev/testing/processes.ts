import { readdirSync, readFileSync } from 'node:fs'

/** Command lines of the living processes that name a text in their arguments or environment; Linux only. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap(pid => {
      try {
        const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0]
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
        return state !== 'Z' && `${command}\n${environment}`.includes(text) ? [`${pid} ${command}`] : []
      } catch {
        return [] // it has just ended, or is somebody else's
      }
    })
}
