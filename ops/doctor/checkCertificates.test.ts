import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../../runtime/config.ts'
import { makeIdentity } from '../../test/certificates.ts'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { checkCertificates } from './checkCertificates.ts'

test('certificates that lead to Temporal are told before they expire', async () => {
  const folder = await temporaryDirectory()
  const [old, ending, fresh] = [
    makeIdentity({ days: -1 }),
    makeIdentity({ days: 13 }),
    makeIdentity({ days: 200 }),
  ]
  const { temporal } = parseConfig({
    TEMPORAL_TLS_CERT: join(folder, 'cert'),
    TEMPORAL_TLS_KEY: join(folder, 'key'),
    TEMPORAL_TLS_CA: join(folder, 'ca'),
  })
  const told = async (cert: string, ca: string) => {
    for (const [name, text] of Object.entries({ cert, ca, key: fresh.key }))
      await writeFile(join(folder, name), text)
    return (await checkCertificates(temporal)).map(({ status, text }) => `${status} ${text}`)
  }
  // Authorities stand side by side while one follows the other; of a chain each is needed.
  expect(await told(fresh.cert, old.cert + fresh.cert)).toEqual([
    expect.stringMatching(/^ok TEMPORAL_TLS_CERT is good until \d{4}-\d\d-\d\d$/),
    expect.stringMatching(/^ok TEMPORAL_TLS_CA /),
  ])
  expect(await told(fresh.cert + ending.cert, old.cert)).toEqual([
    expect.stringMatching(/^warn TEMPORAL_TLS_CERT expires on .*renew it and restart/),
    expect.stringMatching(/^fail TEMPORAL_TLS_CA has expired on /),
  ])
  expect(await told('nothing', fresh.cert)).toContainEqual(
    'fail TEMPORAL_TLS_CERT: it holds no certificate in PEM',
  )
})
