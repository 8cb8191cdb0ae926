import { fileURLToPath } from 'node:url'
import type { DataConverter } from '@temporalio/common'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import type { Encryption } from '../runtime/encryptionKeys.ts'

/** How workers read and write payloads and failures. In plain, failures keep their messages where the Web UI shows them. */
export function workerDataConverter(encryption: Encryption): DataConverter {
  return {
    ...clientDataConverter(encryption),
    ...(encryption.writesWith === null ? {} : { failureConverterPath: FAILURE_CONVERTER }),
  }
}

const FAILURE_CONVERTER = fileURLToPath(new URL('../workflows/failureConverter.ts', import.meta.url))
