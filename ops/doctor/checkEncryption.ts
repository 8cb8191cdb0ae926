import type { Config } from '../../runtime/config.ts'
import { isOfThisMachine } from './checkConfiguration.ts'
import { type Found, ok, skipped, warn } from './finding.ts'

/** With which key payloads are encrypted. That the keys are well-formed is seen before the checks. */
export function checkEncryption({ encryption, temporal, production }: Config): Found {
  const { keys, writesWith } = encryption
  const readable = "prompts are readable in Temporal's database and its backups"
  if (keys.length === 0) {
    const text = `ENCRYPTION_KEYS is not set: ${readable} (docs/deployment.md, Encryption)`
    return production && !isOfThisMachine(`tcp://${temporal.address}`) ? warn(text) : skipped(text)
  }
  const ids = keys.map(({ id }) => id)
  if (writesWith === null) {
    return warn(
      `reads ${ids.join(', ')}, but writes in plain: take "plain" away once all programs have the keys`,
    )
  }
  const others = ids.filter(id => id !== writesWith)
  return ok(`writes with ${writesWith}${others.length === 0 ? '' : `, reads also ${others.join(', ')}`}`)
}
