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
