import { POLICY_TERMS } from '../../../jobs/contentPolicyTerms.ts'

/** A producer's payload that breaks something somewhere. `ids`: its own ids are hostile, so it can never become a job. */
export interface HostilePayload {
  name: string
  /** Fields over a good payload; `config` and `metadata` are merged. */
  payload: Record<string, unknown>
  /** How it must end: a job, an invalid job, a prompt that is not allowed, or refused by the client before there is one. */
  ends: 'job' | 'invalid_job' | 'policy_refused' | 'invalid_payload' | 'payload_too_large'
}

/** Not allowed; each letter but the first may be hidden behind something. */
const refused = (before: string) =>
  `${POLICY_TERMS.minor[0]}, ${POLICY_TERMS.sexual[0]}`.replace(/\B(?=\w)/g, before)

const ID = '0190a1b2-c3d4-4e5f-8a6b-7c8d9e0f1a2b'

/** Texts that mean something to a shell, a path, a parser, a database, a terminal or a template. */
export const HOSTILE_TEXTS: readonly string[] = [
  '--ckpt_dir=/etc',
  '-',
  '--',
  '; rm -rf /',
  '$(id) `id` $HOME %n%s',
  '../../../../etc/passwd',
  '..\\..\\windows',
  '%2e%2e%2f%2e%2e%2f',
  '/dev/zero',
  'file:///etc/passwd',
  '__proto__',
  'constructor.prototype.polluted',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202egnp.esuohthgil',
  '\u200b\u200d\u2060',
  '\u001b[2J\u001b]0;owned\u0007',
  'a lighthouse\n{"level":"error","msg":"forged"}',
  'a lighthouse\r\nset-cookie: a=b',
  "'; drop table jobs; --",
  '{{7*7}} #{7*7} <%= 7*7 %>',
  '<script>alert(1)</script>',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e309',
  '-0',
  '0x10',
  '9007199254740993',
  '480*832*2',
  '99999999999*1',
  '１０２４*１０２４',
  `${'('.repeat(3000)}red bicycle`,
  `${'(a'.repeat(2000)}${':1.9)'.repeat(2000)}`,
  `${'sea '.repeat(2400)}`,
  'a'.repeat(10_000),
  'a\u0301'.repeat(4000),
  '\ufdfa'.repeat(9000),
  'a &lt;b&gt; &amp;#0; &#xd800; &#x110000; &#x202e;&#27;[2J',
  `&${'amp;'.repeat(2400)}`,
  '&nGt;'.repeat(2000),
]

/** Values of every JSON type, and numbers at their edges. */
export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.1,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  5e-324,
  1.7976931348623157e308,
  [],
  {},
  [[]],
  ['a lighthouse'],
  { toString: null },
  { toJSON: 'x' },
  { length: 1e9 },
  [null, undefined],
]

const top = (name: string, fields: Record<string, unknown>, ends: HostilePayload['ends']) => ({
  name,
  payload: fields,
  ends,
})

const BAD_IDS: readonly unknown[] = [
  '',
  '../../etc/passwd',
  `${ID}/..`,
  `${ID}\n`,
  ` ${ID}`,
  `{${ID}}`,
  ID.replaceAll('-', ''),
  ID.replace('0190', '０１９０'),
  `${ID}\u0000`,
  'urn:uuid:0190a1b2-c3d4-4e5f-8a6b-7c8d9e0f1a2b',
  '0190a1b2-c3d4-4e5f-8a6b-7c8d9e0f1a2g',
  42,
  null,
  [ID],
  { toString: ID },
]

export const HOSTILE_PAYLOADS: readonly HostilePayload[] = [
  ...BAD_IDS.map(id => top(`id ${JSON.stringify(id)}`, { id }, 'invalid_payload')),
  ...BAD_IDS.map(id => top(`user_id ${JSON.stringify(id)}`, { user_id: id }, 'invalid_payload')),
  top('an id in capitals', { id: ID.toUpperCase() }, 'job'),
  top('more than 1.5 MB', { metadata: { filler: 'x'.repeat(1_600_000) } }, 'payload_too_large'),
  top(
    'lone surrogates that JSON makes six times as long',
    { metadata: { filler: '\ud800'.repeat(300_000) } },
    'payload_too_large',
  ),
  top('just below the limit', { metadata: { filler: 'x'.repeat(1_400_000) } }, 'job'),
  top('a type that every object has', { type: 'constructor' }, 'invalid_job'),
  top('a type of another case', { type: 'SDXL_IMAGE_FAST' }, 'invalid_job'),
  top('a prompt of nothing visible', { prompt: '\u200b\u2060\u0000\u202e' }, 'invalid_job'),
  top('a prompt at its limit', { prompt: 'a'.repeat(10_000) }, 'job'),
  top('a prompt beyond its limit', { prompt: 'a'.repeat(10_001) }, 'invalid_job'),
  top('a prompt of a megabyte', { prompt: 'sea '.repeat(350_000) }, 'invalid_job'),
  top('weights beyond the limit', { config: { compel_weights: '('.repeat(10_001) } }, 'invalid_job'),
  top('config as text', { config: '{"seed":1}' }, 'invalid_job'),
  top('config as a list', { config: [1, 2] }, 'invalid_job'),
  top('metadata as text', { metadata: 'a lighthouse' }, 'invalid_job'),
  top('a bucket that climbs', { bucket: '../sdxl_image_fast' }, 'invalid_job'),
  top('a bucket of the system', { bucket: 'vault' }, 'invalid_job'),
  top('a bucket in a list', { bucket: ['sdxl_image_fast'] }, 'invalid_job'),
  top('steps of NaN as text', { config: { sample_steps: 'NaN' } }, 'invalid_job'),
  top('steps without end', { config: { sample_steps: 1e308 } }, 'invalid_job'),
  top('half a step', { config: { sample_steps: 0.5 } }, 'invalid_job'),
  top('a seed beyond whole numbers', { config: { seed: 2 ** 53 } }, 'invalid_job'),
  top('a seed as text with an exponent', { config: { seed: '1e3' } }, 'invalid_job'),
  top('a seed of minus nought', { config: { seed: -0 } }, 'job'),
  top('three sides', { config: { size: '480*832*2' } }, 'invalid_job'),
  top('a side of 100,000', { config: { size: null, width: 100_000, height: 512 } }, 'invalid_job'),
  top('a million images', { config: { num_images: 1_000_000 } }, 'invalid_job'),
  top(
    'a million keys',
    { metadata: Object.fromEntries(Array.from({ length: 90_000 }, (_, n) => [`k${n}`, n])) },
    'job',
  ),
  top(
    'keys of every object',
    { metadata: JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') },
    'job',
  ),
  top('a prototype with a seed', { config: JSON.parse('{"__proto__":{"seed":1,"polluted":1}}') }, 'job'),
  top('400 lists in one another', { metadata: { deep: nested(400) } }, 'job'),
  top('3,000 lists in one another', { metadata: { deep: nested(3_000) } }, 'invalid_payload'),
  top('100,000 lists in one another', { metadata: { deep: nested(100_000) } }, 'invalid_payload'),
  top(
    'ids with what a database refuses',
    { video_id: 'a\u0000b', metadata: { project_id: '\ud800' } },
    'job',
  ),
  top('words with entities within', { prompt: refused('&zwnj;') }, 'policy_refused'),
  top('words with escaped entities within', { prompt: refused('&amp;amp;#xad;') }, 'policy_refused'),
  top('words with entities in full width within', { prompt: refused('＆＃８２０４；') }, 'policy_refused'),
  top('words with weights of nothing within', { prompt: refused('(:1.0)') }, 'policy_refused'),
  top(
    'weights of which each has a letter',
    { prompt: `x${refused('').replace(/\w/g, '($&:1.2)')}y` },
    'policy_refused',
  ),
  top('a million ampersands', { prompt: `&${'amp;'.repeat(340_000)}shy;` }, 'invalid_job'),
  top('a simulated failure of no name', { metadata: { simulate: '__proto__' } }, 'job'),
]

function nested(depth: number): unknown {
  let value: unknown = 'a lighthouse'
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

/** The whole payload of an entry. */
export function payloadWith(fields: Record<string, unknown>): Record<string, unknown> {
  const good = {
    id: ID,
    user_id: '5f0c1d2e-3b4a-4c5d-9e6f-708192a3b4c5',
    type: 'sdxl_image_fast',
    prompt: 'a lighthouse at dusk',
    config: { size: '512*512', num_images: 1 },
    metadata: {},
  }
  const merged: Record<string, unknown> = { ...good, ...fields }
  for (const section of ['config', 'metadata'] as const) {
    const given = fields[section]
    if (isObject(given)) merged[section] = { ...good[section], ...given }
  }
  return merged
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
