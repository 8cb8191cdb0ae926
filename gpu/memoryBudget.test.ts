import { describe, expect, test } from 'vitest'
import { createMemoryBudget, MOST_OVERTAKING } from './memoryBudget.ts'
import type { MemoryNeeds } from './memoryNeeds.ts'

const table = {
  picture: { residentMiB: 300 },
  adapter: { residentMiB: 100 },
  video: { residentMiB: 200 },
  language: { residentMiB: 500 },
  text: { residentMiB: 400 },
} as const

function needs(models: string[], workingMiB: number, transient: string[] = []): MemoryNeeds {
  const encodingMiB = transient.length === 0 ? 0 : 10
  return { kindKey: `${models} ${workingMiB}`, models, transient, workingMiB, encodingMiB }
}
const image = needs(['picture'], 100)
const styled = needs(['picture', 'adapter'], 100)
const film = needs(['video'], 300, ['text'])
const enhance = needs(['language'], 50)

function budgetOfMiB(budgetMiB: number) {
  const clock = { ms: 0 }
  return { clock, budget: createMemoryBudget({ budgetMiB, now: () => clock.ms, table }) }
}
const act = (unload: string[], load: string[], drop: string[] = []) => ({
  kind: 'reserved',
  unload,
  load,
  drop,
})
const ready = act([], [])

describe('admission', () => {
  test('loads what is missing, and finds it there the next time', () => {
    const { budget } = budgetOfMiB(1000)
    expect(budget.reserve('a', styled)).toEqual(act([], ['picture', 'adapter']))
    expect(budget.reserve('a', styled)).toEqual(ready)
    budget.release('a')
    expect(budget.reserve('b', image)).toEqual(ready)
  })

  test('what does not fit alone is refused before anything is loaded', () => {
    const { budget } = budgetOfMiB(399)
    expect(budget.reserve('a', image)).toEqual({
      kind: 'never',
      why: '"picture 100" needs 400 MiB of the card, of 399',
    })
    expect(budget.status().models).toEqual([])
  })

  test('the least recently used idle model goes, an adapter before what it builds on, and none in vain', () => {
    const { budget, clock } = budgetOfMiB(1000)
    for (const [taskId, kind] of [
      ['a', styled],
      ['b', needs(['video'], 100)],
    ] as const) {
      clock.ms += 1000
      budget.reserve(taskId, kind)
      budget.release(taskId)
    }
    clock.ms += 1000
    expect(budget.status().models).toEqual([
      { model: 'adapter', residentMiB: 100, inUse: false, idleSeconds: 2 },
      { model: 'picture', residentMiB: 300, inUse: false, idleSeconds: 2 },
      { model: 'video', residentMiB: 200, inUse: false, idleSeconds: 1 },
    ])
    expect(budget.reserve('c', needs(['language'], 0))).toEqual(act(['adapter'], ['language']))
  })

  test('a model in use is never evicted: the other waits', () => {
    const { budget } = budgetOfMiB(840)
    budget.reserve('a', image)
    expect(budget.reserve('b', enhance)).toEqual({ kind: 'wait' })
    expect(budget.reserve('b', enhance)).toEqual({ kind: 'wait' })
    budget.release('a')
    expect(budget.reserve('b', enhance)).toEqual(act(['picture'], ['language']))
    expect(budget.reserve('b', enhance)).toEqual(ready)
  })

  test('a job that is given up in line is in nobody’s way', () => {
    const { budget } = budgetOfMiB(900)
    budget.reserve('a', image)
    budget.reserve('b', enhance)
    for (let passed = 0; passed < MOST_OVERTAKING; passed++) budget.reserve(`small ${passed}`, image)
    expect(budget.reserve('next', image)).toEqual({ kind: 'wait' })
    budget.release('b')
    expect(budget.reserve('next', image)).toEqual(ready)
  })

  test('a stream of small jobs passes a large one a few times, then waits behind it', () => {
    const { budget } = budgetOfMiB(900)
    budget.reserve('first', image)
    expect(budget.reserve('large', enhance)).toEqual({ kind: 'wait' })
    for (let passed = 0; passed < MOST_OVERTAKING; passed++) {
      expect(budget.reserve(`small ${passed}`, image).kind).toBe('reserved')
    }
    expect(budget.reserve('one too many', image)).toEqual({ kind: 'wait' })
    for (const taskId of ['first', 'small 0', 'small 1', 'small 2', 'small 3']) budget.release(taskId)
    expect(budget.reserve('one too many', image)).toEqual({ kind: 'wait' })
    expect(budget.reserve('large', enhance).kind).toBe('reserved')
  })
})

describe('the text encoder', () => {
  test('stays where there is room, and goes when it is the one that nobody has used for longest', () => {
    const { budget } = budgetOfMiB(1300)
    expect(budget.reserve('a', film)).toEqual(act([], ['video', 'text']))
    expect(budget.textEncoded('a')).toEqual([])
    budget.reserve('b', needs(['picture'], 0))
    budget.release('b')
    expect(budget.reserve('c', needs(['adapter'], 100))).toEqual(act(['text'], ['adapter']))
  })

  test('leaves when its job’s phases do not fit at once, and then others find its room', () => {
    const { budget } = budgetOfMiB(620)
    expect(budget.reserve('a', film)).toEqual(act([], ['video', 'text'], ['text']))
    expect(budget.reserve('b', needs(['adapter'], 10))).toEqual({ kind: 'wait' })
    expect(budget.textEncoded('a')).toEqual(['text'])
    expect(budget.textEncoded('a')).toEqual([])
    expect(budget.reserve('b', needs(['adapter'], 10))).toEqual(act([], ['adapter']))
    expect(budget.status()).toMatchObject({ workingMiB: 310 })
  })

  test('stays while images come one after the other beside a video; what nobody uses goes for it', () => {
    const { budget } = budgetOfMiB(1500)
    expect(budget.prewarm(['picture', 'video', 'text', 'language'])).toHaveLength(4)
    expect(budget.reserve('a', film)).toEqual(act(['language'], []))
    budget.textEncoded('a')
    for (const taskId of ['b', 'c']) {
      expect(budget.reserve(taskId, needs(['video'], 60, ['text']))).toEqual(ready)
      budget.textEncoded(taskId)
      budget.release(taskId)
    }
  })

  test('one that is about to leave is not counted on', () => {
    const { budget } = budgetOfMiB(700)
    const still = needs(['video'], 20, ['text'])
    expect(budget.reserve('a', film)).toEqual(act([], ['video', 'text'], ['text']))
    expect(budget.reserve('b', still)).toEqual({ kind: 'wait' })
    budget.textEncoded('a')
    budget.release('a')
    expect(budget.reserve('b', still)).toEqual(act([], ['text']))
  })

  test('stays as long as another job’s text is not encoded', () => {
    const { budget } = budgetOfMiB(1000)
    budget.reserve('a', needs(['video'], 50, ['text']))
    const other = needs(['adapter'], 500, ['text'])
    expect(budget.reserve('b', other)).toEqual({ kind: 'wait' })
    expect(budget.textEncoded('a')).toEqual([])
    expect(budget.reserve('b', other)).toEqual(act([], ['adapter'], ['text']))
  })
})

describe('what is observed', () => {
  const alone = (budget: ReturnType<typeof budgetOfMiB>['budget'], peakMiB: number) => {
    budget.reserve('seen', image)
    budget.observe('seen', peakMiB)
    budget.release('seen')
  }
  const working = (budget: ReturnType<typeof budgetOfMiB>['budget']) => {
    budget.reserve('next', image)
    const { workingMiB } = budget.status()
    budget.release('next')
    return workingMiB
  }

  test('the greatest peak of a job that was alone, and 5 %, takes the table’s place', () => {
    const { budget } = budgetOfMiB(1000)
    alone(budget, 340)
    expect(working(budget)).toBe(42)
    alone(budget, 360)
    expect(working(budget)).toBe(63)
    alone(budget, 340)
    expect(working(budget)).toBe(63)
  })

  test('idle models count as weights, not as work', () => {
    const { budget } = budgetOfMiB(1000)
    budget.prewarm(['video', 'picture'])
    alone(budget, 560)
    expect(working(budget)).toBe(63)
  })

  test('of a job that had company the figure is only raised', () => {
    const { budget } = budgetOfMiB(2000)
    const together = (peakMiB: number) => {
      budget.reserve('seen', image)
      budget.reserve('beside', enhance)
      budget.observe('seen', peakMiB)
      budget.release('seen')
      budget.release('beside')
    }
    together(300 + 500 + 50 + 20)
    expect(working(budget)).toBe(100)
    together(300 + 500 + 50 + 200)
    expect(working(budget)).toBe(210)
  })

  test('the text encoder’s peak is not taken for the job’s own', () => {
    const { budget } = budgetOfMiB(620)
    budget.reserve('a', film)
    budget.textEncoded('a')
    budget.observe('a', 612)
    budget.release('a')
    budget.reserve('b', film)
    budget.textEncoded('b')
    expect(budget.status().workingMiB).toBe(300)
  })

  test('a job that has run once is never refused', () => {
    const { budget } = budgetOfMiB(400)
    alone(budget, 400)
    expect(budget.reserve('next', image).kind).toBe('reserved')
  })
})

describe('the program', () => {
  test('says what is loaded: what it lost is loaded again, what it has is evicted', () => {
    const { budget } = budgetOfMiB(900)
    budget.reserve('a', image)
    budget.release('a')
    budget.modelsAre(['language'], 512)
    expect(budget.status()).toMatchObject({ reservedMiB: 512, models: [{ model: 'language' }] })
    expect(budget.reserve('b', styled)).toEqual(act(['language'], ['picture', 'adapter']))
  })

  test('a report that is older than an admission takes nothing from a job', () => {
    const { budget } = budgetOfMiB(900)
    budget.reserve('a', styled)
    budget.modelsAre(['picture'])
    expect(budget.status().models.map(({ model }) => model)).toEqual(['adapter', 'picture'])
  })

  test('dies: all is free, what was learned stays', () => {
    const { budget } = budgetOfMiB(900)
    budget.reserve('a', image)
    budget.observe('a', 320)
    budget.reserve('b', enhance)
    budget.reset()
    expect(budget.status()).toEqual({ budgetMiB: 900, reservedMiB: null, models: [], workingMiB: 0 })
    budget.reserve('c', image)
    expect(budget.status().workingMiB).toBe(21)
  })

  test('is warmed with as many models as fit, in the order that is asked for', () => {
    const { budget } = budgetOfMiB(900)
    expect(budget.prewarm(['picture', 'language', 'video', 'adapter'])).toEqual(['picture', 'language'])
    expect(budget.reserve('a', image)).toEqual(ready)
  })
})
