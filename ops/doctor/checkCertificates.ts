import { firstExpiry, lastExpiry } from '../../runtime/certificateExpiry.ts'
import type { Config } from '../../runtime/config.ts'
import { temporalTls } from '../../runtime/temporalTls.ts'
import { judgeExpiry } from './expiry.ts'
import type { Found } from './finding.ts'

/** How long the certificates that lead to Temporal are good. */
export async function checkCertificates(temporal: Config['temporal']): Promise<Found[]> {
  const { clientCertPair, serverRootCACertificate } = await temporalTls(temporal)
  return [
    ...(clientCertPair ? [judgeExpiry('TEMPORAL_TLS_CERT', () => firstExpiry(clientCertPair.crt))] : []),
    ...(serverRootCACertificate
      ? [judgeExpiry('TEMPORAL_TLS_CA', () => lastExpiry(serverRootCACertificate))]
      : []),
  ]
}
