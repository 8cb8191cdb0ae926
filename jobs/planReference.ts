import { InvalidField } from './invalidField.ts'
import type { Family, JobTypeRow } from './jobTypes.ts'
import { flagGiven, given, invalid, numberGiven } from './parameters.ts'
import type { Payload } from './payload.ts'
import type { JobPlan, ReferenceMode, ReferenceRole, ReferenceSource, ReferenceType } from './plan.ts'
import { isReferenceSource, type SourceOwner } from './referenceSource.ts'
import type { Given } from './spellings.ts'

type Reference = JobPlan['reference']

const TYPES: readonly ReferenceType[] = ['style', 'composition', 'character']
/** Below a tenth a reference has no visible effect; the producers' range begins there. */
const WEAKEST = 0.1
const USUAL_STRENGTH = { sdxl: 0.5, wan: 0.85 } as const

/** Mode, sources and strength of a job's references. Throws {@link InvalidField}. */
export function planReference(payload: Payload, row: JobTypeRow, owner: SourceOwner): Reference {
  const fallback = flagGiven(payload, 'fallback') ?? false
  const sources = planSources(payload, row, owner)
  if (sources.length === 0) {
    if (!fallback) refuseUnkeptPromise(payload)
    return { ...noReference, fallback }
  }
  return {
    mode: modeOf(sources),
    sources,
    strength: Math.max(
      WEAKEST,
      numberGiven(payload, 'strength', { min: 0, max: 1 }) ?? USUAL_STRENGTH[row.family],
    ),
    type: planType(payload, row.family),
    fallback,
  }
}

export const noReference: Reference = {
  mode: 'none',
  sources: [],
  strength: null,
  type: null,
  fallback: false,
}

/** Start and end frames decide where they are given. An image has no frames to keep, so each of its references guides it; SDXL takes one. */
function planSources(payload: Payload, row: JobTypeRow, owner: SourceOwner): ReferenceSource[] {
  const frames = [source(payload, 'start', owner), source(payload, 'end', owner)].filter(one => one !== null)
  const single = frames.length === 0 || row.family === 'sdxl' ? source(payload, 'single', owner) : null
  if (row.medium === 'video') return single === null ? frames : [single]
  const guiding = [single, ...frames].filter(one => one !== null)
  const used = row.family === 'sdxl' ? guiding.slice(0, 1) : guiding
  return used.map(one => ({ role: 'single', source: one.source }))
}

function source(payload: Payload, role: ReferenceRole, owner: SourceOwner): ReferenceSource | null {
  const found = givenSource(payload, role)
  if (found === null) return null
  const address = typeof found.value === 'string' ? found.value.trim() : ''
  if (!isReferenceSource(address, owner)) {
    throw invalid(found, 'an http(s) URL, or an object path bucket/user/file of the job’s own user')
  }
  return { role, source: address }
}

function givenSource(payload: Payload, role: ReferenceRole): Given | null {
  const found = given(payload, role)
  if (found !== null || role !== 'single') return found
  const announced = given(payload, 'announced')
  const flag = flagGiven(payload, 'announced')
  if (flag === null && typeof announced?.value === 'string') return announced
  return flag === false ? null : given(payload, 'announcedUrl')
}

/** A payload that says it has a reference and names none would otherwise silently become a job without one. */
function refuseUnkeptPromise(payload: Payload): void {
  if (flagGiven(payload, 'announced') === true) {
    throw new InvalidField(
      'metadata.reference_url',
      'nothing',
      'the address of the announced reference image',
    )
  }
}

function modeOf(sources: readonly ReferenceSource[]): ReferenceMode {
  const [first, second] = sources
  if (first === undefined) return 'none'
  return first.role === 'start' && second !== undefined ? 'both' : first.role
}

/** Only SDXL draws by it; of WAN's producers it is taken to be reported back, so nothing in it can make a WAN job fail. */
function planType(payload: Payload, family: Family): ReferenceType | null {
  const found = given(payload, 'referenceType')
  if (found === null) return family === 'sdxl' ? 'style' : null
  const type = TYPES.find(
    known => known === (typeof found.value === 'string' ? found.value.trim().toLowerCase() : ''),
  )
  if (type === undefined && family === 'sdxl') throw invalid(found, TYPES.join(', '))
  return type ?? null
}
