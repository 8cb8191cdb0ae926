import type { CardStatus, LaneStatus, MemoryStatus } from '../../jobs/cardStatus.ts'
import { alignColumns } from './alignColumns.ts'

/** Everything about a card: a fact per line, then a table of its lanes, then the jobs that they have. */
export function cardText(status: CardStatus): string {
  const facts = alignColumns([
    ['host', `${status.hostId}, at ${status.at.slice(0, 19).replace('T', ' ')} UTC`],
    ['card', cardName(status.card)],
    ['program', programText(status.program)],
    ...(status.memory === null ? [] : [['memory', memoryText(status.memory)]]),
    ['computes', holderText(status.holder)],
  ])
  const lanes = alignColumns([
    ['LANE', 'MODE', 'RUNNING', 'WAITING', 'SHARE', 'HELD', 'READY'],
    ...status.lanes.map(laneRow),
  ])
  const jobs = status.lanes.flatMap(({ lane, running, waiting }) => [
    ...running.map(id => [id, lane, status.holder?.taskId === id ? 'computes' : 'with the program']),
    ...waiting.map(id => [id, lane, 'waits']),
  ])
  return [
    facts,
    lanes,
    ...(jobs.length === 0 ? [] : [alignColumns([['JOB', 'LANE', 'STATE'], ...jobs])]),
  ].join('\n\n')
}

function cardName(card: CardStatus['card']): string {
  return card === null ? 'none that is known' : `${card.name}, ${gib(card.totalMiB)} GiB (${card.uuid})`
}

function programText({ status, name, version, device, crashes, lastDeath }: CardStatus['program']): string {
  const what = name === null ? '' : `: ${name} ${version} on ${device}`
  const row = crashes === 0 ? '' : `, ${crashes} crashes in a row`
  // The rest of it is the program's own last words.
  const death = lastDeath === null ? '' : `, died before: ${lastDeath.split('\n', 1)[0]}`
  return `${status}${what}${row}${death}`
}

function memoryText({ budgetMiB, reservedMiB, workingMiB, models }: MemoryStatus): string {
  const used = reservedMiB === null ? '' : `${gib(reservedMiB)} of `
  const loaded = models.map(({ model, residentMiB, inUse, idleSeconds }) => {
    return `${model} ${gib(residentMiB)}${inUse ? ', in use' : `, idle for ${duration(idleSeconds)}`}`
  })
  const working = workingMiB > 0 ? [`work ${gib(workingMiB)}`] : []
  const parts = [...loaded, ...working].join('; ') || 'no models'
  return `${used}${gib(budgetMiB)} GiB: ${parts}`
}

function holderText(holder: CardStatus['holder']): string {
  if (holder === null) return 'nobody'
  return `${holder.taskId} (${holder.lane}), has held the card for ${duration(holder.heldMs / 1000)}`
}

function laneRow({
  lane,
  mode,
  running,
  waiting,
  guaranteedShare,
  heldSeconds,
  ready,
  reason,
}: LaneStatus): string[] {
  return [
    lane,
    mode,
    String(running.length),
    String(waiting.length),
    `${Math.round(guaranteedShare * 100)} %`,
    duration(heldSeconds),
    ready ? 'yes' : `no: ${reason}`,
  ]
}

const gib = (mebibytes: number) => (mebibytes / 1024).toFixed(1)

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
