import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineSplitter } from './lineSplitter.ts'

function split(chunks: string[], maxLength = 1000): [string, boolean][] {
  const lines: [string, boolean][] = []
  const splitter = createLineSplitter({ maxLength, onLine: (line, cut) => lines.push([line, cut]) })
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

describe('line splitter', () => {
  it('gives the same lines however the stream was cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n', '{') }), { maxLength: 20 }),
        chunks => {
          const whole = chunks.join('').split('\n')
          expect(split(chunks).map(([line]) => line)).toEqual(whole.filter(line => line !== ''))
        },
      ),
    )
  })

  it('cuts a line that is too long, says so once, and goes on with the next', () => {
    expect(split(['ab', 'cdefgh', 'ijkl', 'mnop\nx', 'y\n'], 4)).toEqual([
      ['abcd', true],
      ['xy', false],
    ])
  })

  it('takes Windows line ends', () => {
    expect(split(['a\r\nb\r\n'])).toEqual([
      ['a', false],
      ['b', false],
    ])
  })
})
