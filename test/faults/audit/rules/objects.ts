import type { Finding } from '../findings.ts'
import type { JobView } from '../jobView.ts'
import type { Evidence } from '../readEvidence.ts'

/** `<user id>/<job id>/<index>.<png|mp4|thumb.webp>`: the rule that docs/integration.md states. */
const PATH = /^([^/]+)\/([^/]+)\/(\d+)\.(png|mp4|thumb\.webp)$/

/** Where each asset and thumbnail of a job belongs. */
export function pathsOf({ userId, jobId, images, extension }: JobView['submission']) {
  const at = (suffix: string) =>
    Array.from({ length: images }, (_, index) => `${userId}/${jobId}/${index}.${suffix}`)
  return { assets: at(extension), thumbnails: at('thumb.webp') }
}

/** Whether a job may have objects: Temporal or the app knows it as completed. That both should is another rule's matter. */
function mayHaveObjects({ workflow, terminal }: JobView): boolean {
  return workflow?.status === 'COMPLETED' || terminal?.status === 'completed'
}

/**
 * Every object of the app's buckets belongs to a completed job and lies where that job's objects belong. The run waits until
 * removals are over, their second look for late writes included, so that an object of a failed job is an orphan.
 */
export function checkObjects(evidence: Evidence, jobs: readonly JobView[]): Finding[] {
  const byId = new Map(jobs.map(job => [job.submission.jobId, job]))
  return evidence.stored
    .filter(({ bucket }) => evidence.run.buckets.includes(bucket))
    .flatMap(({ bucket, path }): Finding[] => {
      const name = `${bucket}/${path}`
      const [, , jobId = null] = PATH.exec(path) ?? []
      if (jobId === null)
        return [{ rule: 'asset-misplaced', jobId: null, detail: `${name} has no job's path` }]
      const job = byId.get(jobId)
      if (job === undefined)
        return [{ rule: 'asset-orphaned', jobId, detail: `${name} is of an unknown job` }]
      const { submission } = job
      const { assets, thumbnails } = pathsOf(submission)
      if (bucket !== submission.bucket || ![...assets, ...thumbnails].includes(path))
        return [{ rule: 'asset-misplaced', jobId, detail: `${name} is none of its job’s objects` }]
      if (mayHaveObjects(job)) return []
      const end = `${job.terminal?.status ?? 'open'} ${job.terminal?.errorType ?? ''}`.trim()
      return [{ rule: 'asset-orphaned', jobId, detail: `${name} of a job that is ${end}` }]
    })
}

/** Where the pipeline keeps prepared references: all in there is its own. */
const STAGING = 'staging'

/** Of the buckets that are neither the app's outputs nor the pipeline's own, everything is as the app's users have left it. */
export function checkOthersObjects({ run, stored, placed }: Evidence): Finding[] {
  const others = placed.buckets.filter(bucket => bucket !== STAGING && !run.buckets.includes(bucket))
  const isOthers = ({ bucket }: { bucket: string }) => others.includes(bucket)
  const nameOf = ({ bucket, path }: { bucket: string; path: string }) => `${bucket}/${path}`
  const wanted = new Map(placed.objects.filter(isOthers).map(object => [nameOf(object), object.sha256]))
  const found = new Map(stored.filter(isOthers).map(object => [nameOf(object), object.sha256]))
  return [...new Set([...wanted.keys(), ...found.keys()])].flatMap((name): Finding[] => {
    const [before, after] = [wanted.get(name), found.get(name)]
    if (before === after) return []
    const what = after === undefined ? 'was removed' : before === undefined ? 'was put there' : 'was changed'
    return [{ rule: 'object-touched', jobId: null, detail: `${name} ${what}` }]
  })
}
