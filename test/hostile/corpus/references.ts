import type { FailureCode } from '../../../jobs/failures.ts'

/** Where somebody says that a reference picture lies. `{port}` is one of a server that nothing may ever reach. */
export interface HostileSource {
  source: string
  /** `invalid_job`: refused before anything is fetched. */
  ends: readonly FailureCode[]
}

const JOB = ['invalid_job'] as const
const FORBIDDEN = ['reference_forbidden'] as const
const NOT_FOUND = ['reference_not_found'] as const

export const OWN_USER = '5f0c1d2e-3b4a-4c5d-9e6f-708192a3b4c5'
export const OTHER_USER = '99999999-3b4a-4c5d-9e6f-708192a3b4c5'

const refused = (...sources: string[]) => sources.map(source => ({ source, ends: JOB }))
const forbidden = (...sources: string[]) => sources.map(source => ({ source, ends: FORBIDDEN }))

export const HOSTILE_SOURCES: readonly HostileSource[] = [
  ...refused(
    'file:///etc/passwd',
    'FILE:///etc/passwd',
    'data:image/png;base64,iVBORw0KGgo=',
    'gopher://127.0.0.1:{port}/_GET',
    'ftp://127.0.0.1:{port}/x',
    'javascript:alert(1)',
    'blob:http://127.0.0.1/x',
    'http:127.0.0.1:{port}',
    'http://',
    'https://?x',
    'http://127.0.0.1:{port}/\r\nHost: inside',
    'http://127.0.0.1:{port}/\u0000',
    'http:\\\\127.0.0.1:{port}\\x',
    'http://[fe80::1%25eth0]/',
    'http://256.256.256.256/',
    'http://1.2.3.4:99999/',
    '//127.0.0.1:{port}/x',
    '/etc/passwd',
    '../../etc/passwd',
    'reference_images',
    `reference_images/${OWN_USER}`,
    `reference_images/${OWN_USER}/`,
    `reference_images/${OTHER_USER}/picture.png`,
    `reference_images/${OWN_USER}/../${OTHER_USER}/picture.png`,
    `reference_images/${OWN_USER}/./picture.png`,
    `reference_images/${OWN_USER}//picture.png`,
    `reference_images/${OWN_USER}/%2e%2e/${OTHER_USER}/picture.png`,
    `reference_images/${OWN_USER}/..%2f${OTHER_USER}/picture.png`,
    `reference_images/${OWN_USER}/..\\${OTHER_USER}\\picture.png`,
    `reference_images/${OWN_USER}/..;/${OTHER_USER}/picture.png\u0000.png`,
    `reference_images/${OWN_USER}x/picture.png`,
    `reference_images/${OWN_USER} /picture.png`,
    `reference_images\\${OWN_USER}\\picture.png`,
    `/reference_images/${OWN_USER}/picture.png`,
    `../store/reference_images/${OWN_USER}/picture.png`,
    `.scratch/${OWN_USER}/picture.png`,
    `vault/${OWN_USER}/picture.png`,
    `REFERENCE_IMAGES/${OWN_USER}/picture.png`,
    `reference_images/${OWN_USER}/picture.png?download`,
    `reference_images/${OWN_USER}/picture.png#x`,
    `reference_images/${OWN_USER}/${'a'.repeat(300)}.png`,
    `reference_images/${OWN_USER}/${'a/'.repeat(5000)}picture.png`,
  ),
  ...forbidden(
    'http://127.0.0.1:{port}/',
    'http:///127.0.0.1:{port}/',
    'http://127.1:{port}/',
    'http://0:{port}/',
    'http://0.0.0.0:{port}/',
    'http://2130706433:{port}/',
    'http://017700000001:{port}/',
    'http://0x7f000001:{port}/',
    'http://0x7f.0x0.0x0.0x1:{port}/',
    'http://127.0.0.1.:{port}/',
    'http://１２７.０.０.１:{port}/',
    'http://127。0。0。1:{port}/',
    'http://[::1]:{port}/',
    'http://[::]:{port}/',
    'http://[::ffff:127.0.0.1]:{port}/',
    'http://[::ffff:7f00:1]:{port}/',
    'http://[::127.0.0.1]:{port}/',
    'http://[64:ff9b::7f00:1]:{port}/',
    'http://[64:ff9b:1::7f00:1]:{port}/',
    'http://[2002:7f00:1::]:{port}/',
    'http://[2001:0:7f00:1::]:{port}/',
    'http://[fc00::1]:{port}/',
    'http://[fe80::1]:{port}/',
    'http://[ff02::1]:{port}/',
    'http://10.1.2.3:{port}/',
    'http://172.16.0.1:{port}/',
    'http://192.168.0.1:{port}/',
    'http://100.64.0.1:{port}/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://168.63.129.16/machine',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://localhost:{port}/',
    'http://LOCALHOST.:{port}/',
    'http://pictures.localhost:{port}/',
    'https://127.0.0.1:{port}/',
    'http://user:secret@127.0.0.1:{port}/',
    'http://user@pictures.example:{port}/',
    'http://127.0.0.1:{port}@pictures.example/',
    'http://loopback.example:{port}/',
    'http://private.example:{port}/',
    'http://metadata.example/',
    'http://mapped.example:{port}/',
    'http://both.example:{port}/',
  ),
  { source: 'http://rebinding.example:{port}/', ends: FORBIDDEN },
  { source: 'http://unresolvable.example:{port}/', ends: ['reference_unreachable'] },
  { source: 'http://without-address.example:{port}/', ends: ['reference_unreachable'] },
  { source: 'http://nonsense.example:{port}/', ends: FORBIDDEN },
  { source: `reference_images/${OWN_USER}/missing.png`, ends: NOT_FOUND },
  { source: `reference_images/${OWN_USER}/folder`, ends: NOT_FOUND },
  { source: `reference_images/${OWN_USER}/picture.png/x`, ends: NOT_FOUND },
  { source: `reference_images/${OWN_USER}/link-to-other.png`, ends: NOT_FOUND },
  { source: `reference_images/${OWN_USER}/link-outside.png`, ends: NOT_FOUND },
  { source: `reference_images/${OWN_USER}/link-folder/picture.png`, ends: NOT_FOUND },
  {
    source: `reference_images/${OWN_USER}/link-to-nothing.png`,
    ends: NOT_FOUND,
  },
  { source: `reference_images/${OWN_USER}/pipe`, ends: NOT_FOUND },
]

/** What a resolver answers, in turn: the last answer again and again. */
export const HOSTILE_NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'loopback.example': [['127.0.0.1']],
  'private.example': [['192.168.7.7']],
  'metadata.example': [['169.254.169.254']],
  'mapped.example': [['::ffff:127.0.0.1']],
  // Public by its kind, but given to nobody.
  'both.example': [['3ffe::1', '127.0.0.1']],
  'rebinding.example': [['127.0.0.1'], ['3ffe::1']],
  'turning.example': [['3ffe::1'], ['127.0.0.1']],
  'without-address.example': [[]],
  'nonsense.example': [['not an address']],
}
