import type { Logger } from './log.ts'

/** A stack of things to give back. One that fails is logged, and the others are still released. */
export function createReleases(log: Pick<Logger, 'error'>) {
  const stack: { name: string; release: () => unknown }[] = []
  return {
    defer(name: string, release: () => unknown): void {
      stack.push({ name, release })
    },
    /** Names of what is still to be released. */
    pending: (): string[] => stack.map(entry => entry.name),
    /** Releases everything, the last first. False when something could not be released. */
    async run(): Promise<boolean> {
      let clean = true
      for (let entry = stack.at(-1); entry; stack.pop(), entry = stack.at(-1)) {
        try {
          await entry.release()
        } catch (err) {
          clean = false
          log.error({ err, what: entry.name }, 'could not be released')
        }
      }
      return clean
    },
  }
}
