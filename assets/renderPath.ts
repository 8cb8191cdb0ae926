import { basename, join } from 'node:path'
import { SHA256 } from '../jobs/sha256.ts'
import { UUID } from '../jobs/uuid.ts'

/** Names one render: what is drawn for which job. */
export interface RenderRef {
  /** A UUID. */
  jobId: string
  /** sha256 in hex of the render job, see `planHash`. */
  planHash: string
}

/** The folder of a job's renders. Throws on an id that is no UUID, so that nothing else becomes a path. */
export function jobFolder(directory: string, jobId: string): string {
  if (!UUID.test(jobId)) throw new Error('The job id is no UUID.')
  return join(directory, jobId.toLowerCase())
}

/** The folder of one render. Throws on a hash that is none. */
export function renderFolder(directory: string, { jobId, planHash }: RenderRef): string {
  if (!SHA256.test(planHash)) throw new Error('The plan hash is no sha256.')
  return join(jobFolder(directory, jobId), planHash)
}

/** A file directly in a folder. Throws on a name that leads elsewhere. */
export function fileIn(folder: string, name: string): string {
  if (name === '' || name.startsWith('.') || name !== basename(name))
    throw new Error('The file name is not plain.')
  return join(folder, name)
}
