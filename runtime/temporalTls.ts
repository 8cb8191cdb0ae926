import { readFile } from 'node:fs/promises'
import { type Config, ConfigError } from './config.ts'

export interface TlsFiles {
  serverRootCACertificate?: Uint8Array
  clientCertPair?: { crt: Uint8Array; key: Uint8Array }
}

/** Reads the PEM files that the configuration names. Throws `ConfigError` with the variable of a file that cannot be read. */
export async function temporalTls(temporal: Config['temporal']): Promise<TlsFiles> {
  const [ca, crt, key] = await Promise.all([
    readPem('TEMPORAL_TLS_CA', temporal.tlsCaFile),
    readPem('TEMPORAL_TLS_CERT', temporal.tlsCertFile),
    readPem('TEMPORAL_TLS_KEY', temporal.tlsKeyFile),
  ])
  return {
    ...(ca && { serverRootCACertificate: ca }),
    ...(crt && key && { clientCertPair: { crt, key } }),
  }
}

async function readPem(variable: string, file: string | null): Promise<Uint8Array | null> {
  if (file === null) return null
  try {
    return await readFile(file)
  } catch (cause) {
    throw new ConfigError(
      `${variable}: cannot read ${file}: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
}
