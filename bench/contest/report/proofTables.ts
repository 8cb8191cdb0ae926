import { OVERHEAD_GOAL_MS, type OverheadFigures, SUMS } from '../../overheadFigures.ts'
import { PRICE_GOAL, type PriceFigures } from '../../priceFigures.ts'
import { FLAT, type ScaleFigures, scaleRows } from '../../scale/scaleFigures.ts'
import { markdownTable } from './markdownTable.ts'
import { digits, spreadText } from './numbers.ts'

const LEGS: Record<string, string> = {
  total: 'from submit to the terminal callback’s arrival',
  engine: 'the engine’s own: drawing and encoding',
  overhead: 'all the rest: the legs below',
  submit: 'the client’s call, until the workflow exists',
  plan: 'first workflow task: the payload is planned, the render scheduled',
  dispatchGenerate: 'until the GPU worker has the render',
  aroundEngine: 'the render’s activity, less the engine: turn, files checked, thumbnail, receipt',
  decideUpload: 'workflow task: the upload is scheduled',
  dispatchUpload: 'until the GPU worker has the upload',
  upload: 'file and thumbnail to the store',
  decideCallback: 'workflow task: the callback is scheduled',
  dispatchCallback: 'until the callback has arrived',
}
const LARGEST = 3

/** Rows of the table of goals. */
export function proofGoalRows(proofs: {
  overhead: OverheadFigures | null
  scale: ScaleFigures | null
  price: PriceFigures | null
}): string[][] {
  const p50 = proofs.overhead?.rows.find(({ leg }) => leg === 'overhead')?.p50 ?? null
  const scale = proofs.scale === null ? null : scaleRows(proofs.scale)
  const many = '100 against 10,000 waiting jobs'
  return [
    row('Engine factor 0', 'overhead per job, p50', `≤ ${OVERHEAD_GOAL_MS} ms`, p50, each => ({
      text: `${digits(each)} ms`,
      met: each <= OVERHEAD_GOAL_MS,
    })),
    ...(scale === null
      ? [row(many, 'all', `within ${FLAT * 100} %`, null, () => ({ text: '', met: false }))]
      : scale.map(each => [
          ...[many, each.name, `within ${FLAT * 100} %`],
          ...[`× ${digits(each.ratio)} (${digits(each.few)} → ${digits(each.many)} ${each.unit})`],
          verdict(each.verdict === 'met'),
        ])),
    ...(proofs.price === null
      ? [row('Encryption, metrics', 'overhead', '≤ 10 %', null, () => ({ text: '', met: false }))]
      : proofs.price.rows
          .filter(({ setting }) => setting !== 'plain')
          .map(({ setting, ratio }) => [
            ...['The proofs’ price', `overhead, ${setting} ÷ plain`, `≤ ${digits(PRICE_GOAL)}`],
            ...[spreadText(ratio), verdict(ratio.median <= PRICE_GOAL)],
          ])),
  ]
}

function row<T>(
  scenario: string,
  figure: string,
  goal: string,
  value: T | null,
  tell: (value: T) => { text: string; met: boolean },
): string[] {
  if (value === null) return [scenario, figure, goal, '–', 'not measured']
  const { text, met } = tell(value)
  return [scenario, figure, goal, text, verdict(met)]
}

const verdict = (met: boolean) => (met ? 'met' : '**missed**')

/** Where the time of one job goes; the largest legs in bold. */
export function overheadTable({ rows }: OverheadFigures): string {
  const legs = rows.filter(({ leg }) => !SUMS.includes(leg))
  const largest = new Set(
    legs
      .toSorted((a, b) => b.p50 - a.p50)
      .slice(0, LARGEST)
      .map(({ leg }) => leg),
  )
  return markdownTable(
    ['leg', 'what it is', 'p50, ms', 'p95, ms', 'most, ms'],
    rows.map(({ leg, p50, p95, max }) => [
      largest.has(leg) ? `**${leg}**` : leg,
      LEGS[leg] ?? '',
      ...[p50, p95, max].map(value => value.toFixed(1)),
    ]),
  )
}

export function priceTable({ rows }: PriceFigures): string {
  return markdownTable(
    ['', 'overhead of a job, p50, ms', '÷ plain'],
    rows.map(({ setting, overheadMs, ratio }) => [
      setting,
      spreadText(overheadMs),
      setting === 'plain' ? '' : spreadText(ratio),
    ]),
  )
}

export function scaleTable(figures: ScaleFigures): string {
  return markdownTable(
    ['', `${figures.few.waiting} waiting`, `${figures.many.waiting} waiting`, 'ratio', ''],
    scaleRows(figures).map(({ name, unit, few, many, ratio, verdict }) => [
      name,
      ...[`${digits(few)} ${unit}`, `${digits(many)} ${unit}`, digits(ratio), verdict],
    ]),
  )
}
