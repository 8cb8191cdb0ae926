import type { Peak } from './peakMemory.ts'
import { percent, type Rate } from './stepRates.ts'
import type { VideoWithImages } from './videoWithImages.ts'
import type { WarmAndCold } from './warmJobs.ts'

export interface Figures {
  device: 'cuda' | 'cpu'
  /** As the driver calls it, or the CPU with its cores. */
  name: string
  measuredOn: string
  repeats: number
  rates: Rate[] | null
  peaks: Peak[] | null
  warmth: WarmAndCold[] | null
  video: VideoWithImages | null
}

const NO_CARD =
  'No card: tiny models of the real topology on the CPU, which show that the measurement works and what the gates cost there. ' +
  "A card's figures are in [gpu-figures.md](gpu-figures.md)."
const CARD = 'Models of the real shapes with random weights, which take as long as learned ones.'

/** The tables for docs/. */
export function toMarkdown(figures: Figures): string {
  const { device, name, measuredOn, repeats, rates, peaks, warmth, video } = figures
  const sections = [
    '# The engine, measured',
    device === 'cpu' ? NO_CARD : CARD,
    `${name}; ${measuredOn}; ${repeats} repeats.`,
    ...(rates === null ? [] : rateSection(rates)),
    ...(video === null ? [] : [...gateSection(video), ...videoSection(video)]),
    ...(peaks === null || device === 'cpu' ? [] : peakSection(peaks)),
    ...(warmth === null ? [] : warmSection(warmth)),
  ]
  return `${sections.join('\n\n')}\n`
}

function rateSection(rates: readonly Rate[]): string[] {
  const rows = rates.map(rate => [
    rate.what,
    rate.mode,
    rate.oursPerSecond.toFixed(2),
    rate.barePerSecond.toFixed(2),
    (1000 / rate.oursPerSecond - 1000 / rate.barePerSecond).toFixed(2),
    `${percent(rate.ratio)} (${rate.spread.map(percent).join(' to ')})`,
    percent(rate.ratioOfFastest),
  ])
  return [
    '## Steps per second, against bare diffusers',
    'The program with its gates, progress and protocol, and a loop over the same pipelines without them, by turns in one run; the ' +
      'goal is 97 % or more. The ratio is that of the medians, with the least and the most of the repeats; beside it that of the fastest runs.',
    table(['', 'mode', 'ours', 'bare', 'ms more a step', 'ours ÷ bare', 'of the fastest'], rows),
  ]
}

function gateSection({ gates }: VideoWithImages): string[] {
  const rows = gates.map(({ what, gates, perSecond, microseconds, share }) => [
    what,
    String(gates),
    perSecond.toFixed(0),
    microseconds.toFixed(1),
    `${(share * 100).toFixed(3)} %`,
  ])
  return [
    '## Gates',
    'How many a job passes, and what one costs by itself, from which follows what all of them cost.',
    table(['', 'gates', 'per second', 'µs each', 'of the time on the card'], rows),
  ]
}

function videoSection({ video, sameFile, images, cutIns }: VideoWithImages): string[] {
  const longer = video.amongMs / video.aloneMs
  // What is the images' own compute is no cost of sharing.
  const shared = (video.amongMs - images.heldMs) / video.aloneMs
  const rows = [
    ['video alone', seconds(video.aloneMs)],
    [`the same among ${images.count} images`, `${seconds(video.amongMs)} (× ${longer.toFixed(2)})`],
    ['less what the images had the card', `× ${shared.toFixed(3)}`],
    ['the video itself held the card', `${seconds(video.aloneHeldMs)}, then ${seconds(video.amongHeldMs)}`],
    ['the same file', sameFile ? 'yes' : 'no'],
    ['an image, the card idle: p50', milliseconds(images.idleP50Ms)],
    ['an image, cutting in: p50, p95', `${milliseconds(images.p50Ms)}, ${milliseconds(images.p95Ms)}`],
    ...(cutIns === null
      ? [['cut-ins', 'none: there is no room for an image beside this video']]
      : [
          [
            `cut-in (${cutIns.count}): p50, p99`,
            `${milliseconds(cutIns.p50Ms)}, ${milliseconds(cutIns.p99Ms)}`,
          ],
          ['cut-in: longest', milliseconds(cutIns.mostMs)],
        ]),
  ]
  return [
    '## A video with images cutting in',
    `${video.what}. All files were decoded and counted. A cut-in is the time from the request to yield to the grant of the lane ` +
      'that cuts in.',
    table(['', ''], rows),
  ]
}

function peakSection(peaks: readonly Peak[]): string[] {
  const rows = peaks.map(({ what, peakMiB, tableMiB }) => [
    what,
    peakMiB?.toFixed(0) ?? 'failed',
    tableMiB.toFixed(0),
    peakMiB === null ? '' : percent(peakMiB / tableMiB),
  ])
  return [
    '## Peak memory',
    'The most that was reserved, with the models that the job needs and no others, against gpu/models.ts and gpu/memoryNeeds.ts.',
    table(['', 'MiB', 'table', 'of the table'], rows),
  ]
}

function warmSection(warmth: readonly WarmAndCold[]): string[] {
  const rows = warmth.map(({ what, warmMs, coldMs }) => [
    what,
    seconds(warmMs),
    seconds(coldMs),
    `× ${(coldMs / warmMs).toFixed(1)}`,
  ])
  return [
    '## A warm job, and a process for each job',
    'From submission to the file, models loaded before, the prompt new; and the start of a process, its imports, loading from the ' +
      'page cache, the same job, and its end.',
    table(['', 'warm', 'a process each', ''], rows),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
