import { randomUUID } from 'node:crypto'
import { type StorageAnswer, tusRefusal } from './storageAnswers.ts'
import { type StorageRequest, type StorageState, whyNot } from './storageObjects.ts'

interface Session {
  objectPath: string
  contentType: string
  length: number
  upsert: boolean
  received: Buffer[]
}

const CHUNK_BYTES = 6 * 2 ** 20
const common = { 'tus-resumable': '1.0.0' }

/** Resumable uploads (TUS 1.0) under `/upload/resumable`: create, with or without first bytes, patch, head. */
export function createTusUploads(state: StorageState, url: () => string) {
  const sessions = new Map<string, Session>()

  return function answerTus(request: StorageRequest): StorageAnswer {
    if (request.method === 'POST') return create(request)
    const session = sessions.get(request.path.split('/').at(-1) ?? '')
    if (session === undefined) return tusRefusal('NoSuchKey')
    if (request.method === 'HEAD')
      return { status: 200, headers: { ...progress(session), 'upload-length': session.length } }
    if (request.method === 'PATCH') return patch(session, request)
    return tusRefusal('InvalidRequest')
  }

  function create({ headers, body }: StorageRequest): StorageAnswer {
    const metadata = parseMetadata(String(headers['upload-metadata'] ?? ''))
    const session: Session = {
      objectPath: `${metadata.get('bucketName')}/${metadata.get('objectName')}`,
      contentType: metadata.get('contentType') ?? '',
      length: Number(headers['upload-length']),
      upsert: headers['x-upsert'] === 'true',
      received: [],
    }
    const problem = whyNot(state, session.objectPath, {
      bytes: session.length,
      contentType: session.contentType,
    })
    if (problem !== null) return tusRefusal(problem)
    if (!session.upsert && state.objects.has(session.objectPath)) return tusRefusal('KeyAlreadyExists')
    const id = randomUUID()
    sessions.set(id, session)
    const answer = append(session, body)
    const location = `${url()}/storage/v1/upload/resumable/${id}`
    return answer ?? { status: 201, headers: { ...progress(session), location } }
  }

  function patch(session: Session, { headers, body }: StorageRequest): StorageAnswer {
    if (Number(headers['upload-offset']) !== offsetOf(session)) return tusRefusal('KeyAlreadyExists')
    return append(session, body) ?? { status: 204, headers: progress(session) }
  }

  /** The storage takes chunks of 6 MiB only, but for the last. */
  function append(session: Session, body: Buffer): StorageAnswer | null {
    if (body.length === 0) return null
    const last = offsetOf(session) + body.length === session.length
    if (!last && body.length !== CHUNK_BYTES) return tusRefusal('InvalidKey')
    session.received.push(body)
    if (last) {
      const file = { bytes: Buffer.concat(session.received), contentType: session.contentType }
      state.objects.set(session.objectPath, { ...file, updatedAt: new Date().toISOString() })
    }
    return null
  }
}

function offsetOf(session: Session): number {
  return session.received.reduce((bytes, chunk) => bytes + chunk.length, 0)
}

function progress(session: Session) {
  return { ...common, 'upload-offset': offsetOf(session) }
}

/** `key base64,key base64` */
function parseMetadata(header: string): Map<string, string> {
  const pairs = header.split(',').map(pair => pair.trim().split(' '))
  return new Map(pairs.map(([key = '', value = '']) => [key, Buffer.from(value, 'base64').toString('utf8')]))
}
