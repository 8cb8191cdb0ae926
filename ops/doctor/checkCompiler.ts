import { access } from 'node:fs/promises'
import { join } from 'node:path'
import which from 'which'
import { findPython } from '../../engines/python/findPython.ts'
import { type Found, fail, ok, skipped } from './finding.ts'
import type { Machine } from './machine.ts'

const OTHERWISE = 'or set ENGINE_COMPILE=false, which is slower'

/** Whether the models can be compiled: that builds small C programs against Python's headers. */
export async function checkCompiler({ config: { engine }, withoutCard }: Machine): Promise<Found[]> {
  if (withoutCard !== null) return [skipped(withoutCard)]
  if (!engine.compile) return [skipped('ENGINE_COMPILE=false')]
  const compilers = await Promise.all(
    ['gcc', 'clang'].map(name => which(name, { path: engine.path, nothrow: true })),
  )
  const compiler = compilers.find(found => found !== null)
  const findings: Found[] = [
    compiler === undefined
      ? fail(`there is no C compiler on PATH: apt-get install gcc, ${OTHERWISE}`)
      : ok(compiler),
  ]
  const { include, version } = await findPython({ python: engine.python, path: engine.path })
  const header = join(include, 'Python.h')
  const there = await access(header).then(
    () => true,
    () => false,
  )
  findings.push(
    there
      ? ok(header)
      : fail(
          `${header} is missing: apt-get install python${version.split('.').slice(0, 2).join('.')}-dev, ${OTHERWISE}`,
        ),
  )
  return findings
}
