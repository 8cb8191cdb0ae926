import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('./operations.md', import.meta.url), 'utf8')
const table = page.slice(page.indexOf('| What happens |')).split('\n\n', 1)[0] ?? ''
const rows = table
  .split('\n')
  .slice(2)
  .map(line => line.slice(2, -2).split(' | '))

test.each(rows.map(([what = '', , , shown = '']) => [what, shown]))(
  '%s: is shown by tests that exist',
  (_, shown) => {
    const named = shown.split('; `').map(each => /^`?([^`]+)` › (.+)$/.exec(each)?.slice(1) ?? [each])
    for (const [file = '', title] of named) expect(titlesOf(file)).toContain(title)
  },
)

test('the table is there, with its four columns', () => {
  expect(rows.length).toBeGreaterThan(15)
  for (const row of rows) expect(row).toHaveLength(4)
})

/** Titles of the tests in a file, as they are written there. */
function titlesOf(file: string): string[] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  return [...text.matchAll(/(?<!\.skip)\(\s*(['"`])((?:(?!\1).)+)\1,/g)].map(([, , title = '']) => title)
}
