import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Lane } from '../../../jobs/jobTypes.ts'
import type { EngineEvent } from '../../protocol.ts'
import { EARLY_NOISE, type EngineHarness, type GateEntry } from './engineHarness.ts'
import { tinyEnhance, tinyImage, tinyVideo } from './tinyJobs.ts'

/** What the program itself promises, whatever model computes. */
export function programCases(engine: () => EngineHarness): void {
  it('greets, says what it has in memory, and answers', async () => {
    const { program } = engine()
    expect(program.events[0]).toMatchObject({ type: 'hello', name: 'diffusers', device: 'cpu' })
    expect(program.events[1]).toMatchObject({ type: 'ready', memory: { reservedMiB: expect.any(Number) } })
    program.send({ type: 'ping' })
    await program.until('pong')
  })

  it('keeps what libraries write to stdout, before and during its work, apart from its events', async () => {
    const { render, program } = engine()
    await render('sdxl', tinyImage)
    // One thing only was written before the program could take stdout for itself.
    expect(program.noise).toEqual([EARLY_NOISE])
  })

  it('answers a job that breaks the protocol, and survives lines that are no commands', async () => {
    const { program } = engine()
    program.sendLine('not JSON')
    program.sendLine('{"type":"grant"}')
    program.sendLine('{"type":"generate","id":"odd","lane":"nowhere","job":{}}')
    const of = (event: { id: string }) => event.id === 'odd'
    expect(await program.until('failed', of)).toMatchObject({ code: 'invalid_input', retryable: false })
  })

  it('computes only with the turn, and makes files only without it', async () => {
    const { render, program } = engine()
    const { done, artifacts } = await render('sdxl', { ...tinyImage, images: 3 })
    const types = program.events
      .filter(event => 'id' in event && event.id === done.id && event.type !== 'progress')
      .map(({ type }) => type)
    expect(types).toEqual(['accepted', 'want', 'released', 'artifact', 'artifact', 'artifact', 'done'])
    expect(artifacts.map(({ seed }) => seed)).toEqual([42, 43, 44])
    expect(done.timings.cardMs).toBeGreaterThan(0)
  })

  it('two lanes that yield to each other at every gate make what each makes alone', async () => {
    const { render, begin, onWant, gates } = engine()
    const alone = [await render('sdxl', tinyImage), await render('wan.video', tinyVideo)]
    const before = (await gates()).length
    takeTurnsAtEveryGate(engine())
    const pair = [await begin('sdxl', tinyImage), await begin('wan.video', tinyVideo)]
    const together = await Promise.all(pair.map(({ result }) => result))
    onWant(null)
    for (const [index, one] of alone.entries()) {
      expect(together[index]?.latents).toEqual(one.latents)
      expect(together[index]?.artifacts.map(({ sha256 }) => sha256)).toEqual(
        one.artifacts.map(({ sha256 }) => sha256),
      )
    }
    const log = (await gates()).slice(before)
    expect(outsideTurns(log)).toEqual([])
    // How many gates it passes before it hears that it is to yield, the machine decides.
    expect(turnsOf(log, pair[1]?.id)).toBeGreaterThan(3)
  })

  it('a job that is cancelled while it waits for the card gives its lane to the next', async () => {
    const { begin, cancel, onWant, program } = engine()
    const asked: EngineEvent[] = []
    onWant(event => asked.push(event))
    onTestFinished(() => onWant(null))
    const waits = await begin('sdxl', tinyImage)
    await program.until('want', ({ id }) => id === waits.id)
    const next = await begin('sdxl', tinyImage)
    cancel(waits.id)
    cancel(waits.id)
    await expect(waits.result).rejects.toMatchObject({ code: 'cancelled' })
    await program.until('want', ({ id }) => id === next.id)
    program.send({ type: 'grant', lane: 'sdxl' })
    expect((await next.result).artifacts).toHaveLength(1)
    expect(program.events.filter(event => event.type === 'cancelled' && event.id === waits.id)).toHaveLength(
      1,
    )
  })

  it.each(['rendering', 'saving'] as const)(
    'a job that is cancelled while %s leaves no file and no memory',
    async phase => {
      const { render, begin, cancel, program, memoryMiB, folder } = engine()
      const first = await render('sdxl', tinyImage)
      const memory = await memoryMiB()
      const long = await begin('sdxl', { ...tinyImage, steps: 12, images: 6, width: 128, height: 128 })
      await (phase === 'rendering'
        ? program.until(
            'progress',
            event => event.id === long.id && event.phase === 'rendering' && event.step > 1,
          )
        : program.until('released', ({ id }) => id === long.id))
      cancel(long.id)
      await expect(long.result).rejects.toMatchObject({ code: 'cancelled' })
      expect(await readdir(join(folder, long.id))).toEqual([])
      // What it saved is let go of a moment after it has told its end.
      await expect.poll(memoryMiB, { timeout: 5_000 }).toBeLessThanOrEqual(memory + 0.1)
      expect((await render('sdxl', tinyImage)).latents).toEqual(first.latents)
    },
  )

  it('computes the next job of a lane while the files of the one before are made', async () => {
    const { begin, program } = engine()
    const one = await begin('wan.video', { ...tinyVideo, frames: 81, width: 128, height: 128, steps: 1 })
    const two = await begin('wan.video', tinyVideo)
    await Promise.all([one.result, two.result])
    const at = (type: string, id: string) =>
      program.events.findIndex(event => event.type === type && 'id' in event && event.id === id)
    expect(at('want', two.id)).toBeLessThan(at('done', one.id))
  })

  it('tells its progress at most four times a second', async () => {
    const { render, program } = engine()
    const { done } = await render('wan.enhance', tinyEnhance).catch(() =>
      render('sdxl', { ...tinyImage, steps: 60 }),
    )
    const told = program.events.filter(event => event.type === 'progress' && event.id === done.id)
    const seconds = (done.timings.cardMs + done.timings.loadMs + done.timings.encodeMs) / 1000
    expect(told.length).toBeGreaterThan(0)
    expect(told.length).toBeLessThanOrEqual(seconds * 4 + 6)
  })
}

/** The harshest parent: whoever holds is asked to yield at once, and the other lane goes on. */
export function takeTurnsAtEveryGate({ onWant, program }: EngineHarness): void {
  const line: Lane[] = []
  let holder: Lane | null = null
  onWant(event => {
    if (event.type === 'want' || event.type === 'yielded') line.push(event.lane)
    if (event.type === 'yielded' || event.type === 'released') holder = null
    if (holder !== null) return
    holder = line.shift() ?? null
    if (holder === null) return
    program.send({ type: 'grant', lane: holder })
    program.send({ type: 'yield', lane: holder })
  })
}

/** Gates that were passed while their job did not hold the card, and turns that overlap another's. */
function outsideTurns(log: readonly GateEntry[]): GateEntry[] {
  let holder: string | null = null
  return log.filter(entry => {
    if (entry.event === 'begin') {
      const overlaps = holder !== null
      holder = entry.id
      return overlaps
    }
    const outside = entry.id !== holder
    if (entry.event === 'end') holder = null
    return outside
  })
}

function turnsOf(log: readonly GateEntry[], id: string | undefined): number {
  return log.filter(entry => entry.event === 'begin' && entry.id === id).length
}
