import { NativeConnection } from '@temporalio/worker'
import {
  type ConnectOptions,
  openConnection,
  type TemporalConfig,
  toConnectionOptions,
} from './temporalConnection.ts'

/**
 * A connection for workers, on the SDK's Rust core; apart, so that clients need not load the core. Install the runtime first:
 * `installTemporalRuntime`. Throws as `connectTemporal` does.
 */
export async function connectTemporalNative(
  temporal: TemporalConfig,
  options: ConnectOptions = {},
): Promise<NativeConnection> {
  const connectionOptions = await toConnectionOptions(temporal)
  return openConnection(temporal, options, () => NativeConnection.connect(connectionOptions))
}
