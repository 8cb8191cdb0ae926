import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FAILURES, type FailureRow } from '../jobs/failures.ts'

test('docs/integration.md lists every failure as the table has it', () => {
  const text = readFileSync(new URL('./integration.md', import.meta.url), 'utf8')
  const rows = Object.entries<FailureRow>(FAILURES).map(
    ([code, { blame, retryable, message }]) =>
      `| \`${code}\` | ${blame} | ${retryable ? 'tried again' : ''} | ${message} |`,
  )
  expect(text.split('\n').filter(line => /^\| `[a-z0-9_]+` \|/.test(line))).toEqual(rows)
})
