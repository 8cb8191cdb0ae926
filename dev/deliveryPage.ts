import type { ReceivedJob } from './deliveryLog.ts'

/** A job's assets as links, in order; null for those that the store does not have. */
export type AssetLinks = readonly (AssetLink | null)[]

export interface AssetLink {
  url: string
  thumbnailUrl: string | null
}

const MOST_JOBS = 200

/** What the app would know, as a page: a row per job, the latest first. */
export function deliveryPage(jobs: readonly { job: ReceivedJob; links: AssetLinks }[]): string {
  const rows = jobs.slice(0, MOST_JOBS).map(({ job, links }) => rowOf(job, links))
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Callbacks received</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fafafa }
  table { border-collapse: collapse; width: 100%; background: #fff }
  th, td { text-align: left; vertical-align: top; padding: .5rem .8rem; border-bottom: 1px solid #e4e4e4 }
  code { font-size: 13px }
  img { height: 96px; border-radius: 4px; margin: 0 4px 4px 0; vertical-align: top }
  .completed { color: #17803d } .failed { color: #b42318 } .processing { color: #175cd3 }
  .quiet { color: #777 }
</style>
<h1>Callbacks received</h1>
<p class="quiet">${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}, the latest first. Each id leads to everything that was delivered for it.</p>
<table>
<tr><th>Job</th><th>Status</th><th>Assets</th><th>Deliveries</th><th>Last</th></tr>
${rows.join('\n')}
</table>
</html>
`
}

function rowOf({ jobId, last, updatedAt, deliveries }: ReceivedJob, links: AssetLinks): string {
  const assets = (last.assets ?? []).map((path, index) => assetOf(path, links[index] ?? null))
  const error = last.error_message === undefined ? '' : `<br>${escaped(last.error_message)}`
  return (
    `<tr><td><a href="/jobs/${jobId}"><code>${jobId.slice(0, 8)}</code></a></td>` +
    `<td class="${last.status}">${last.status}${error}</td><td>${assets.join('')}</td>` +
    `<td>${deliveries.length}</td><td class="quiet">${escaped(updatedAt.slice(0, 19).replace('T', ' '))}</td></tr>`
  )
}

function assetOf(path: string, link: AssetLink | null): string {
  if (link === null) return `<code>${escaped(path)}</code><br>`
  const label =
    link.thumbnailUrl === null
      ? escaped(path)
      : `<img src="${escaped(link.thumbnailUrl)}" alt="${escaped(path)}" title="${escaped(path)}">`
  return `<a href="${escaped(link.url)}">${label}</a>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
