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

/** What a proxy in front of a storage that is down answers. */
export const badGateway: StorageAnswer = { status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' }
