import type { JobSettings } from '../workflows/types.ts'

/** Local activity: what the installation decides, for workflows that have no plan to read it with. */
export function createReadSettings(deps: { settings: JobSettings }) {
  return async function readSettings(): Promise<JobSettings> {
    return deps.settings
  }
}
