import { alignColumns } from '../client/cli/alignColumns.ts'
import type { JobView } from '../client/index.ts'
import { generationSeconds } from '../jobs/renderFigures.ts'

/** The files that jobs made, a row each, and the jobs that made none. */
export function demoTable(jobs: readonly JobView[]): string {
  const head = ['JOB TYPE', 'REFERENCE', 'SIZE', 'FRAMES', 'SECONDS', 'KIB', 'JOB AND FILE']
  return alignColumns([head, ...jobs.flatMap(rowsOf)])
}

function rowsOf({ jobId, type, referenceMode, status, failure, assets, outcome }: JobView): string[][] {
  const name = type ?? 'unknown'
  const mode = referenceMode ?? '-'
  const receipt = outcome?.receipt
  if (status !== 'completed' || !receipt) {
    return [[name, mode, '-', '-', '-', '-', `${jobId} ${status}: ${failure?.code} ${failure?.detail ?? ''}`]]
  }
  return assets.map((asset, index) => {
    const file = receipt.files.find(one => one.index === asset.index)
    return [
      index === 0 ? name : '',
      index === 0 ? mode : '',
      file ? `${file.width}×${file.height}` : '-',
      String(file?.frames ?? '-'),
      index === 0 ? generationSeconds(receipt).toFixed(1) : '',
      Math.ceil(asset.bytes / 1024).toLocaleString('en'),
      asset.path.split('/').slice(1).join('/'),
    ]
  })
}
