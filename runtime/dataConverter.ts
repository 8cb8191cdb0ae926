import type { DataConverter } from '@temporalio/common'
import type { Encryption } from './encryptionKeys.ts'
import { createPayloadCodec } from './payloadCodec.ts'

/** How clients read and write payloads. Also without keys, as the codec tells then what is missing; they write no failures. */
export function clientDataConverter(encryption: Encryption): DataConverter {
  return { payloadCodecs: [createPayloadCodec(encryption)] }
}
