/**
 * What sharing the card by the block is worth: latency of images that arrive while videos render back to back, against an
 * idle card and against turns taken per job; what the videos pay; and the shares of a saturated card. The preview engine
 * and the turnstile's durations at 1/20, the real driver, a real child process, no Temporal. Minutes.
 * `npm run bench:turns -- [--seconds 120] [--repeats 3] [--json]`
 */
import { orRefuse, positive, readOptions, whole } from '../dev/commandLine.ts'
import { GUARANTEED_SHARES } from '../gpu/shares.ts'
import { LANES } from '../jobs/jobTypes.ts'
import { median, quantile } from './legs.ts'
import { poissonArrivals } from './turnJobs.ts'
import { type ImageTimes, type MixedRun, mixedRun, saturatedRun } from './turnRuns.ts'

const USAGE = `npm run bench:turns -- [options]
  --seconds N   how long images arrive, in each of the three settings and each repeat (120)
  --repeats N   with other arrivals each time (3)
  --speed F     factor of the real seconds of the card (0.05)
  --load F      part of the card that the images of each of the two lanes ask for (0.15)
  --json        one JSON object instead of tables`

const { values } = readOptions(USAGE, {
  seconds: { type: 'string', default: '120' },
  repeats: { type: 'string', default: '3' },
  speed: { type: 'string', default: '0.05' },
  load: { type: 'string', default: '0.15' },
  json: { type: 'boolean', default: false },
})
const { seconds, repeats, speed, load } = orRefuse(USAGE, () => ({
  ...{ seconds: positive('seconds', values.seconds), repeats: whole('repeats', values.repeats) },
  ...{ speed: positive('speed', values.speed), load: positive('load', values.load) },
}))
const SETTINGS = ['idle', 'block', 'job'] as const
type Setting = (typeof SETTINGS)[number]
const rounds: Record<Setting, MixedRun>[] = []
for (let seed = 1; seed <= repeats; seed++) {
  const arrivals = poissonArrivals({ seed, seconds, speed, load: { sdxl: load, 'wan.image': load } })
  const common = { speed, arrivals, seconds }
  rounds.push({
    idle: await mixedRun({ ...common, turns: 'block', videos: false }),
    block: await mixedRun({ ...common, turns: 'block', videos: true }),
    job: await mixedRun({ ...common, turns: 'job', videos: true }),
  })
  if (!values.json) console.error(`repeat ${seed} of ${repeats} is measured`)
}
const alone = await mixedRun({ speed, arrivals: [], videos: true, turns: 'block', seconds: seconds / 2 })
const shares = await saturatedRun(speed, seconds)

const MEASURES = ['releasedMs', 'doneMs'] as const
const latencies = (['sdxl', 'wan.image'] as const).flatMap(lane =>
  MEASURES.flatMap(measure =>
    ([0.5, 0.95] as const).map(share => {
      const times = (images: readonly ImageTimes[]) =>
        images.filter(image => image.lane === lane).map(image => image[measure])
      const pooled = (setting: Setting) =>
        quantile(
          rounds.flatMap(round => times(round[setting].images)),
          share,
        )
      const against = (setting: Setting) => {
        const ratios = rounds.map(
          round => quantile(times(round.block.images), share) / quantile(times(round[setting].images), share),
        )
        return {
          ratio: pooled('block') / pooled(setting),
          spread: [Math.min(...ratios), Math.max(...ratios)],
        }
      }
      return {
        lane,
        until: measure === 'releasedMs' ? 'released' : 'done',
        quantile: share,
        images: rounds.flatMap(round => times(round.block.images)).length,
        idleMs: pooled('idle'),
        blockMs: pooled('block'),
        jobMs: pooled('job'),
        blockToIdle: against('idle'),
        blockToJob: against('job'),
      }
    }),
  ),
)

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
const videosAloneMs = alone.videos.wallMs / alone.videos.count
const videos = (['block', 'job'] as const).map(setting => {
  const runs = rounds.map(round => round[setting].videos)
  const wallMs = sum(runs.map(run => run.wallMs))
  const count = sum(runs.map(run => run.count))
  const imageLoad = sum(runs.map(run => run.imagesMs)) / wallMs
  const slowdown = wallMs / count / videosAloneMs
  // What the images' compute alone explains.
  return { setting, count, eachMs: wallMs / count, slowdown, imageLoad, explained: 1 / (1 - imageLoad) }
})
const cutIns = rounds.flatMap(round => round.block.cutInsMs)
const cutIn = { count: cutIns.length, p50Ms: median(cutIns), p99Ms: quantile(cutIns, 0.99) }

if (values.json) {
  console.log(
    JSON.stringify({ seconds, repeats, speed, load, latencies, videosAloneMs, videos, cutIn, shares }),
  )
} else {
  print()
}

function print(): void {
  console.log(
    `Images at a load of ${load} of the card for each lane, ${repeats} × ${seconds} s, speed ${speed}; ms`,
  )
  console.log(
    'lane       until     q     n      idle     block   per job   block ÷ idle        block ÷ per job',
  )
  for (const row of latencies) {
    const figures = [row.idleMs, row.blockMs, row.jobMs].map(ms => ms.toFixed(0).padStart(8)).join('  ')
    const ratios = [row.blockToIdle, row.blockToJob].map(
      ({ ratio, spread }) => `${ratio.toFixed(2)} (${spread.map(each => each.toFixed(2)).join('–')})`,
    )
    const head = [row.lane.padEnd(10), row.until.padEnd(8), `p${row.quantile * 100}`.padEnd(4)].join(' ')
    console.log(`${head} ${String(row.images).padStart(4)}  ${figures}   ${ratios.join('    ')}`)
  }
  console.log(`\nVideos back to back, ${videosAloneMs.toFixed(0)} ms each alone (${alone.videos.count})`)
  for (const { setting, count, eachMs, slowdown, imageLoad, explained } of videos) {
    console.log(
      `turns per ${setting.padEnd(6)} ${eachMs.toFixed(0)} ms each (${count}), × ${slowdown.toFixed(3)}; ` +
        `images had ${(imageLoad * 100).toFixed(1)} % of the time, which alone makes × ${explained.toFixed(3)}`,
    )
  }
  const { count, p50Ms, p99Ms } = cutIn
  console.log(
    `cut-ins: ${count}, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms from request to grant`,
  )
  console.log('\nSaturated: share of the held time (guaranteed)')
  for (const lane of LANES) {
    console.log(
      `${lane.padEnd(12)} ${(shares[lane] * 100).toFixed(1)} % (${(GUARANTEED_SHARES[lane] * 100).toFixed(1)} %)`,
    )
  }
}
