import { expect, onTestFinished, test } from 'vitest'
import type { CardUse } from '../contract.ts'
import { connectCard } from './client.ts'
import { startCardProgram } from './program.ts'

const SCALE = 0.01

async function startCard() {
  const card = await startCardProgram(SCALE)
  onTestFinished(card.stop)
  const connect = async (client: string) => {
    const connection = await connectCard(card.socket, client)
    onTestFinished(connection.close)
    return connection
  }
  return { card, connect }
}

const sum = (uses: readonly CardUse[]) => uses.reduce((total, { computedMs }) => total + computedMs, 0)

function busyMs(uses: readonly CardUse[]): number {
  let untilMs = -Infinity
  let total = 0
  for (const { fromMs, toMs } of uses.toSorted((a, b) => a.fromMs - b.fromMs)) {
    total += Math.max(0, toMs - Math.max(fromMs, untilMs))
    untilMs = Math.max(untilMs, toMs)
  }
  return total
}

test('what two compute at once adds up to the time that the card was busy, and each gets all of its own', async () => {
  const { card, connect } = await startCard()
  const [first, second] = [await connect('first'), await connect('second')]
  const done = await Promise.all([
    first.compute('a', 100).then(async seconds => [seconds, await first.compute('c', 5)]),
    second.compute('b', 40),
  ])
  expect(done.flat().map(seconds => Number(seconds.toFixed(6)))).toEqual([100, 5, 40])
  const { uses, active } = await card.connection.takeUses()
  expect(uses.map(({ client, jobId }) => `${client} ${jobId}`).toSorted()).toEqual([
    'first a',
    'first c',
    'second b',
  ])
  expect(busyMs(uses)).toBeCloseTo(sum(uses), 3)
  // The one beside it took its part of the time.
  const b = uses.find(({ jobId }) => jobId === 'b')
  expect((b?.toMs ?? 0) - (b?.fromMs ?? 0)).toBeGreaterThan((b?.computedMs ?? 0) * 1.2)
  expect(active).toBe(0)
  expect((await card.connection.takeUses()).uses).toEqual([])
})

test('one that is stopped says how much was done, and the rest can follow', async () => {
  const { card, connect } = await startCard()
  const client = await connect('only')
  const stop = new AbortController()
  const first = client.compute('a', 100, stop.signal)
  await client.compute('other', 1)
  stop.abort()
  const done = await first
  expect(done).toBeGreaterThan(0)
  expect(done).toBeLessThan(100)
  const rest = await client.compute('a', 100 - done)
  expect(done + rest).toBeCloseTo(100, 6)
  const { uses } = await card.connection.takeUses()
  expect(sum(uses.filter(({ jobId }) => jobId === 'a'))).toBeCloseTo(100 * SCALE * 1000, 6)
})

test('what a dead program computed ends with it', async () => {
  const { card, connect } = await startCard()
  const dying = await connect('dying')
  const lost = dying.compute('a', 1_000_000)
  lost.catch(() => {})
  await expect.poll(async () => (await card.connection.takeUses()).active).toBe(1)
  dying.close()
  await expect(lost).rejects.toThrow('the card is gone')
  await expect.poll(async () => (await card.connection.takeUses()).active).toBe(0)
})
