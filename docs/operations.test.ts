import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('./operations.md', import.meta.url), 'utf8')
const rows = page
  .split('\n')
  .filter(line => line.startsWith('| ') && line.split(' | ').length === 4)
  .slice(1)
  .map(line => line.slice(2, -2).split(' | '))

test.each(rows.map(([what = '', , , shown = '']) => [what, shown]))(
  '%s: is shown by tests that exist',
  (_, shown) => {
    const named = shown.split('; `').map(each => /^`?([^`]+)` › (.+)$/.exec(each)?.slice(1) ?? [each])
    for (const [file = '', title] of named) expect(titlesOf(file)).toContain(title)
  },
)

test('the table is there', () => {
  expect(rows.length).toBeGreaterThan(15)
})

/** Titles of the tests in a file, as they are written there. */
function titlesOf(file: string): string[] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  return [...text.matchAll(/\(\s*(['"`])((?:(?!\1).)+)\1,/g)].map(([, , title = '']) => title)
}
