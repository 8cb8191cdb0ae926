import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryBudget, MOST_OVERTAKING, type Reservation } from './memoryBudget.ts'
import type { MemoryNeeds } from './memoryNeeds.ts'
import type { ModelTable } from './models.ts'
import { createImaginedProgram } from './testing/imaginedProgram.ts'

const MODELS = ['a', 'b', 'c', 'd', 'e']
const TRANSIENT = ['s', 't']
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 7, maxLength: 7 })
const tables = sizes.map(mibs =>
  Object.fromEntries([...MODELS, ...TRANSIENT].map((model, i) => [model, { residentMiB: mibs[i] ?? 1 }])),
)
const jobNeeds: fc.Arbitrary<MemoryNeeds> = fc
  .record({
    models: fc.uniqueArray(fc.constantFrom(...MODELS), { maxLength: 3 }),
    transient: fc.uniqueArray(fc.constantFrom(...TRANSIENT), { maxLength: 2 }),
    workingMiB: fc.integer({ min: 0, max: 60 }),
    encodingMiB: fc.integer({ min: 0, max: 10 }),
  })
  .map(given => ({ ...given, kindKey: JSON.stringify(given) }))
const budgets = fc.integer({ min: 20, max: 150 })
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('arrive' as const), needs: jobNeeds }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('release', 'release', 'encode', 'report', 'again', 'die', 'withdraw'),
      which: fc.nat(),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Plays steps on a budget and on an imagined program, and checks after each that the program has not used too much. */
function play(budgetMiB: number, table: ModelTable) {
  let ms = 0
  let made = 0
  const budget = createMemoryBudget({ budgetMiB, now: () => ms++, table })
  const program = createImaginedProgram(table)
  const line = new Map<string, MemoryNeeds>()
  /** In this order. */
  const begun: string[] = []
  const size = (models: readonly string[]) =>
    models.reduce((sum, model) => sum + (table[model]?.residentMiB ?? 0), 0)
  const alone = ({ models, transient, workingMiB, encodingMiB }: MemoryNeeds) =>
    size(models) + Math.max(workingMiB, transient.length === 0 ? 0 : size(transient) + encodingMiB)

  function heed(taskId: string, needs: MemoryNeeds, reservation: Reservation): void {
    expect(reservation.kind === 'never').toBe(alone(needs) > budgetMiB)
    if (reservation.kind === 'wait') line.set(taskId, needs)
    else line.delete(taskId)
    if (reservation.kind === 'wait' || reservation.kind === 'never') return
    const used = program.used()
    for (const model of reservation.unload) {
      expect(program.loaded).toContain(model)
      expect(used).not.toContain(model)
    }
    for (const model of reservation.load) expect(program.loaded).not.toContain(model)
    program.begin(taskId, needs, reservation)
    begun.push(taskId)
    for (const model of [...needs.models, ...needs.transient]) expect(program.loaded).toContain(model)
  }

  /** As those do who wait: until nobody more can begin. */
  function retry(): void {
    for (let before = -1; line.size !== before; ) {
      before = line.size
      for (const [taskId, needs] of [...line]) heed(taskId, needs, budget.reserve(taskId, needs))
    }
  }

  function arrive(needs: MemoryNeeds): string {
    const taskId = `job ${made++}`
    heed(taskId, needs, budget.reserve(taskId, needs))
    return taskId
  }

  function release(taskId: string): void {
    budget.release(taskId)
    program.end(taskId)
    line.delete(taskId)
    retry()
  }

  function encode(taskId: string): void {
    const leaving = budget.textEncoded(taskId)
    program.textEncoded(taskId, leaving)
    for (const model of leaving) expect(program.used()).not.toContain(model)
    retry()
  }

  function check(): void {
    expect(program.usedMiB()).toBeLessThanOrEqual(budgetMiB)
    const { models, workingMiB } = budget.status()
    expect(models.map(({ model }) => model).sort()).toEqual([...program.loaded].sort())
    expect(
      models
        .filter(({ inUse }) => inUse)
        .map(({ model }) => model)
        .sort(),
    ).toEqual([...program.used()].sort())
    const idleOrUsed = models
      .filter(({ inUse }) => !inUse)
      .reduce((sum, { residentMiB }) => sum + residentMiB, 0)
    expect(idleOrUsed + workingMiB).toBeLessThanOrEqual(budgetMiB)
  }

  function take(one: Step): void {
    if (one.do === 'arrive') arrive(one.needs)
    else {
      const running = [...program.jobs.keys()]
      const taskId = running[one.which % running.length]
      const waiter = [...line][one.which % line.size]
      if (one.do === 'release' && taskId !== undefined) release(taskId)
      if (one.do === 'encode' && taskId !== undefined) encode(taskId)
      if (one.do === 'withdraw' && waiter) release(waiter[0])
      if (one.do === 'report') budget.modelsAre([...program.loaded])
      if (one.do === 'again' && taskId !== undefined) {
        const needs = program.jobs.get(taskId)?.needs
        if (needs)
          expect(budget.reserve(taskId, needs)).toMatchObject({ kind: 'reserved', unload: [], load: [] })
      }
      if (one.do === 'die') {
        budget.reset()
        program.die()
        line.clear()
      }
    }
    check()
  }
  return { budget, program, line, begun, take, arrive, release, encode, check }
}

describe('memory budget, whatever comes', () => {
  it('the program never uses more than the budget; no model in use goes; `never` is exactly what cannot fit alone', () => {
    fc.assert(
      fc.property(budgets, tables, fc.array(step, { maxLength: 60 }), (budgetMiB, table, steps) => {
        const game = play(budgetMiB, table)
        for (const one of steps) game.take(one)
      }),
      { numRuns: 500 },
    )
  })

  it('with no job begun, nobody waits', () => {
    fc.assert(
      fc.property(budgets, tables, fc.array(step, { maxLength: 60 }), (budgetMiB, table, steps) => {
        const game = play(budgetMiB, table)
        for (const one of steps) {
          game.take(one)
          if (game.program.jobs.size === 0) expect(game.line.size).toBe(0)
        }
        // So all come to their end.
        for (let left = 1; left > 0; left = game.program.jobs.size) {
          const [taskId] = game.program.jobs.keys()
          if (taskId !== undefined) game.release(taskId)
          game.check()
        }
        expect(game.line.size).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  it('a stream that never ends overtakes nobody more than a few times', () => {
    const stream = fc.array(jobNeeds, { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(budgets, tables, jobNeeds, stream, fc.nat(), (budgetMiB, table, large, kinds, seed) => {
        const game = play(budgetMiB, table)
        const kind = (i: number) => kinds[i % kinds.length] ?? large
        for (let i = 0; i < 5; i++) game.arrive(kind(i))
        const ahead = game.line.size
        const taskId = game.arrive(large)
        const from = game.begun.length
        for (let i = 0; game.line.has(taskId); i++) {
          expect(i).toBeLessThan(200)
          const running = [...game.program.jobs.keys()]
          // Two come for each that ends: the card is never empty but for what the budget holds back.
          game.arrive(kind(i + 5))
          game.arrive(kind(i + 6))
          const ending = running[(seed + i) % running.length]
          if (ending !== undefined) game.release(ending)
          game.check()
          const since = game.begun.slice(from)
          const before = since.includes(taskId) ? since.slice(0, since.indexOf(taskId)) : since
          expect(before.length).toBeLessThanOrEqual(ahead + MOST_OVERTAKING)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('evicts in the order of last use', () => {
    fc.assert(
      fc.property(
        tables,
        fc.shuffledSubarray([...MODELS, ...TRANSIENT], { minLength: 3 }),
        (table, order) => {
          const size = (model: string) => table[model]?.residentMiB ?? 0
          const all = order.reduce((sum, model) => sum + size(model), 0)
          const game = play(all, table)
          const using = (model: string): MemoryNeeds => ({
            kindKey: model,
            models: [model],
            transient: [],
            workingMiB: 0,
            encodingMiB: 0,
          })
          for (const model of order) game.release(game.arrive(using(model)))
          const [first, ...later] = order
          if (first !== undefined) game.release(game.arrive(using(first)))
          const lru = [...later, ...(first ? [first] : [])]

          for (let freeMiB = 1; freeMiB <= all; freeMiB++) {
            const { budget } = game
            const trial = createMemoryBudget({ budgetMiB: all, now: () => 0, table })
            for (const { model } of budget.status().models) {
              trial.reserve(model, using(model))
              trial.release(model)
            }
            const reservation = trial.reserve('new', { ...using('new'), workingMiB: freeMiB })
            if (reservation.kind !== 'reserved') throw new Error(`not admitted: ${reservation.kind}`)
            const enough = lru.findIndex(
              (_, i) => lru.slice(0, i + 1).reduce((sum, m) => sum + size(m), 0) >= freeMiB,
            )
            expect(reservation.unload).toEqual(lru.slice(0, enough + 1))
          }
        },
      ),
    )
  })

  it('keeps its books whatever the program reports', () => {
    const report = fc.subarray([...MODELS, ...TRANSIENT, 'unknown'])
    const event = fc.oneof(
      fc.record({ needs: jobNeeds }),
      fc.record({ report, peakMiB: fc.integer({ min: 0, max: 200 }) }),
    )
    fc.assert(
      fc.property(budgets, tables, fc.array(event, { maxLength: 40 }), (budgetMiB, table, events) => {
        const budget = createMemoryBudget({ budgetMiB, now: () => 0, table })
        const begun = new Map<string, MemoryNeeds>()
        for (const [i, one] of events.entries()) {
          const [oldest] = begun.keys()
          if ('needs' in one) {
            const reservation = budget.reserve(`${i}`, one.needs)
            if (reservation.kind !== 'reserved') continue
            begun.set(`${i}`, one.needs)
            const { models, workingMiB } = budget.status()
            const idle = models.filter(({ inUse }) => !inUse)
            const sum = idle.reduce((total, { residentMiB }) => total + residentMiB, workingMiB)
            expect(sum).toBeLessThanOrEqual(budgetMiB)
          } else if (oldest !== undefined) {
            budget.modelsAre(one.report)
            budget.observe(oldest, one.peakMiB)
            const needs = begun.get(oldest)
            begun.delete(oldest)
            budget.release(oldest)
            // It has run here, so it fits here.
            if (needs) expect(budget.reserve('again', needs).kind).not.toBe('never')
            budget.release('again')
          }
          const used = new Set([...begun.values()].flatMap(({ models }) => models))
          const kept = budget.status().models.map(({ model }) => model)
          for (const model of used) expect(kept).toContain(model)
        }
      }),
      { numRuns: 300 },
    )
  })
})
