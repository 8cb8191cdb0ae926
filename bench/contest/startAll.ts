import type { OwnedProcess } from '../../dev/ownedProcess.ts'

/** Waits until all have started; when one does not, the others are stopped, and its error is thrown. */
export async function startAll(starting: Promise<OwnedProcess>[]): Promise<OwnedProcess[]> {
  const settled = await Promise.allSettled(starting)
  const started = settled.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = settled.find(result => result.status === 'rejected')
  if (failed === undefined) return started
  await Promise.all(started.map(each => each.stop(0)))
  throw failed.reason
}
