import { connect, type TLSSocket } from 'node:tls'
import { firstExpiry } from './certificateExpiry.ts'
import type { Config } from './config.ts'
import { type TlsFiles, temporalTls } from './temporalTls.ts'

/** Nobody is there, or the way is cut: no matter of TLS. */
const OF_THE_NETWORK = /^E(AI_)?[A-Z]+$/

/**
 * Why TLS with Temporal fails and what to do about it, asked by a connection of its own: gRPC says of a wrong certificate that
 * the server is not available. null where nothing is wrong with TLS, or nobody answers within the limit.
 */
export async function tlsProblem(temporal: Config['temporal'], limitMs: number): Promise<string | null> {
  const files = await temporalTls(temporal)
  try {
    const { hostname, port } = new URL(`tcp://${temporal.address}`)
    await heardFrom(open(hostname.replace(/^\[|\]$/g, ''), Number(port), files), limitMs)
    return null
  } catch (error) {
    return sentence(error) ?? ownProblem(files)
  }
}

function open(host: string, port: number, { serverRootCACertificate: ca, clientCertPair }: TlsFiles) {
  return connect({
    ...{ host, port, ALPNProtocols: ['h2'] },
    ...(ca && { ca: Buffer.from(ca) }),
    ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  })
}

/** Until it says something: a server refuses a client's certificate after the handshake. */
async function heardFrom(socket: TLSSocket, limitMs: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve())
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('it closed the connection')))
      socket.setTimeout(limitMs, resolve)
    })
  } finally {
    socket.on('error', () => {}).destroy()
  }
}

function sentence(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || OF_THE_NETWORK.test(String(error.code))) return null
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
  const said = `${reason} (${error.code})`
  if (/alert.*(certificate|unknown ca|access denied)/.test(reason))
    return `it refuses us: ${said}. Check TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY.`
  if (/no application protocol/.test(reason))
    return `there is another server than Temporal: ${said}. Check TEMPORAL_ADDRESS.`
  if (/^ERR_(SSL|OSSL)/.test(String(error.code)))
    return `TLS fails: ${said}. Check TEMPORAL_TLS and its files.`
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another name: ${said}. Check TEMPORAL_ADDRESS.`
  }
  return `its certificate is not accepted: ${said}. Have it renewed, or name in TEMPORAL_TLS_CA who has signed it.`
}

/** Some servers just hang up on a certificate that they do not accept. */
function ownProblem({ clientCertPair }: TlsFiles): string | null {
  if (clientCertPair === undefined) return null
  const end = firstExpiry(clientCertPair.crt)
  return end.getTime() > Date.now()
    ? null
    : `our certificate has expired on ${end.toISOString().slice(0, 10)}. Renew TEMPORAL_TLS_CERT.`
}
