import { Client, type ConnectionLike } from '@temporalio/client'
import type { Payload, PayloadCodec } from '@temporalio/common'

/**
 * A client for what is never encrypted: states, ids, search attributes. It reads no payload, so it needs no key, and one
 * workflow whose key is gone does not spoil a list. Memos come as null; nothing can be started with it.
 */
export function statusClient(connection: ConnectionLike, namespace: string): Client {
  return new Client({ connection, namespace, dataConverter: { payloadCodecs: [unread] } })
}

const NULL_PAYLOAD: Payload = { metadata: { encoding: Buffer.from('binary/null') } }

const unread: PayloadCodec = {
  encode: () => Promise.reject(new Error('this client only looks')),
  decode: async payloads => payloads.map(() => NULL_PAYLOAD),
}
