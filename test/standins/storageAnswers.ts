/** What an operation of the stand-in answers. */
export interface StorageAnswer {
  status: number
  body?: unknown
  headers?: Record<string, string | number>
}

const refusals = {
  NoSuchBucket: [400, '404', 'Bucket not found'],
  NoSuchKey: [400, '404', 'Object not found'],
  KeyAlreadyExists: [400, '409', 'The resource already exists'],
  AccessDenied: [400, '403', 'Invalid Compact JWS'],
  DatabaseError: [500, '500', 'role "nobody" does not exist'],
  EntityTooLarge: [400, '413', 'The object exceeded the maximum allowed size'],
  InvalidMimeType: [400, '415', 'mime type text/html is not supported'],
  InvalidKey: [400, '400', 'Invalid key'],
  InvalidRequest: [404, '404', 'Route not found'],
  InternalError: [500, '500', 'Internal server error'],
} as const

export type Refusal = keyof typeof refusals

/** A refusal as storage 1.11 words it: HTTP's status is nearly always 400, the body tells the rest. */
export function refusal(code: Refusal): StorageAnswer {
  const [status, statusCode, message] = refusals[code]
  return { status, body: { statusCode, code, error: code, message } }
}

/** TUS answers with real HTTP statuses and plain text. */
export function tusRefusal(code: Refusal): StorageAnswer {
  const [, statusCode, message] = refusals[code]
  return { status: Number(statusCode), body: message }
}

/** What is no word of the storage about the request: of the platform, about the project; of a proxy, whose storage is redeployed. */
export const foreignAnswers = {
  quota: {
    status: 402,
    body: { message: 'Service for this project is restricted: exceed_storage_size_quota' },
  },
  noTenant: {
    status: 400,
    body: { statusCode: '400', error: 'TenantNotFound', message: 'Missing tenant config for tenant x' },
  },
  proxyNotFound: { status: 404, body: '404 page not found' },
  proxyRedirect: { status: 302, headers: { location: '/' } },
} as const satisfies Record<string, StorageAnswer>

/** What a proxy in front of a storage that is down answers. */
export const badGateway: StorageAnswer = { status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' }
