import type { Family } from './jobTypes.ts'
import { given, invalid } from './parameters.ts'
import type { Payload } from './payload.ts'

const SOLVERS = {
  sdxl: ['unipc', 'dpm++', 'euler', 'euler_a', 'ddim'],
  wan: ['unipc', 'dpm++'],
} as const satisfies Record<Family, readonly string[]>
/** As engines know them. */
export type Solver = (typeof SOLVERS)[Family][number]

/** The solver by the name that engines know, whatever spelling the producer has for it; `unipc` if it names none. Throws InvalidField. */
export function planSolver(payload: Payload, family: Family): Solver {
  const found = given(payload, 'solver')
  if (found === null) return 'unipc'
  const name = typeof found.value === 'string' ? solverNamed(found.value) : null
  const solver = SOLVERS[family].find(known => known === name)
  if (solver === undefined) throw invalid(found, SOLVERS[family].join(', '))
  return solver
}

/** Class names of diffusers (`EulerAncestralDiscreteScheduler`) and names of other programs (`DPM++ 2M Karras`) included. */
function solverNamed(given: string): string | null {
  const name = given
    .slice(0, 100)
    .toLowerCase()
    .replace(/[^a-z]/g, '')
  if (name.includes('unipc')) return 'unipc'
  if (name.includes('dpm')) return 'dpm++'
  if (/euler(a$|ancestral)/.test(name)) return 'euler_a'
  if (name.includes('euler')) return 'euler'
  return name.startsWith('ddim') ? 'ddim' : null
}
