import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import { createFifoTurnstile } from './fifoTurnstile.ts'

const lanes = fc.constantFrom(...LANES)
const messages = fc.array(
  fc.record({
    call: fc.constantFrom('want', 'yielded', 'released', 'withdraw', 'reset'),
    lane: lanes,
  }),
  { maxLength: 60 },
)

/** The rule in its plainest form: one line of lanes, whose first has the card. */
function expectedLine(line: Lane[], call: string, lane: Lane): Lane[] {
  if (call === 'want') return line.includes(lane) ? line : [...line, lane]
  if (call === 'reset') return []
  if (call === 'withdraw') return line.filter(other => other !== lane)
  if (line[0] !== lane) return line
  return call === 'yielded' ? [...line.slice(1), lane] : line.slice(1)
}

describe('fifo turnstile', () => {
  it('grants one lane at a time, in the order they came, whatever late messages come', () => {
    fc.assert(
      fc.property(messages, sequence => {
        const granted: Lane[] = []
        const turnstile = createFifoTurnstile({
          grant: lane => granted.push(lane),
          yield: () => expect.unreachable('the fifo turnstile never asks to yield'),
        })
        let line: Lane[] = []
        let grants = 0
        for (const { call, lane } of sequence) {
          const before = line[0]
          line = expectedLine(line, call, lane)
          if (call === 'reset') turnstile.reset()
          else if (call === 'want' || call === 'withdraw') turnstile[call](lane)
          else turnstile[call as 'yielded' | 'released'](lane, 1)

          const wentOn =
            line[0] !== undefined && (line[0] !== before || (call === 'yielded' && before === lane))
          if (wentOn) grants += 1
          expect(turnstile.snapshot()).toEqual({ holder: line[0] ?? null, waiting: line.slice(1) })
          expect(granted).toHaveLength(grants)
          if (wentOn) expect(granted.at(-1)).toBe(line[0])
        }
      }),
    )
  })

  it('repeats of a message that was heard change nothing', () => {
    fc.assert(
      fc.property(messages, sequence => {
        const once = createFifoTurnstile({ grant: () => {}, yield: () => {} })
        const granted: Lane[] = []
        const again = createFifoTurnstile({ grant: lane => granted.push(lane), yield: () => {} })
        for (const { call, lane } of sequence) {
          if (call === 'yielded') continue
          for (const turnstile of [once, again, again]) {
            if (call === 'reset') turnstile.reset()
            else if (call === 'released') turnstile.released(lane, 1)
            else turnstile[call as 'want' | 'withdraw'](lane)
          }
          expect(again.snapshot()).toEqual(once.snapshot())
        }
      }),
    )
  })

  it('keeps a grant that comes back into it from granting twice', () => {
    const granted: Lane[] = []
    const turnstile = createFifoTurnstile({
      grant: lane => {
        granted.push(lane)
        turnstile.want(lane)
        turnstile.want('sdxl')
      },
      yield: () => {},
    })
    turnstile.want('wan.video')
    expect(granted).toEqual(['wan.video'])
    turnstile.released('wan.video', 1)
    expect(granted).toEqual(['wan.video', 'sdxl'])
  })
})
