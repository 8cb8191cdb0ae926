import { type Command, InvalidArgumentError } from 'commander'
import type { Session } from '../client/cli/session.ts'
import { isKeyId, makeEncryptionKey } from '../runtime/encryptionKeys.ts'

export function addEncryptionCommands(program: Command, session: Session): void {
  const encryption = program.command('encryption').description('the encryption of what Temporal keeps')
  encryption
    .command('key')
    .description('make a key, and print it as ENCRYPTION_KEYS takes it')
    .option('--id <id>', 'its name: letters, digits, - and _, 32 at most', parseKeyId, todaysId())
    .addHelpText(
      'after',
      `
The id stands in plain beside everything that the key encrypts. Lose the key, and nobody reads again what it has encrypted.
Several keys are separated by commas: the first writes, all read. To exchange one, see docs/deployment.md, Encryption.`,
    )
    .action(({ id }: { id: string }) => session.print(makeEncryptionKey(id)))
}

function parseKeyId(text: string): string {
  if (!isKeyId(text)) throw new InvalidArgumentError('1 to 32 letters, digits, - and _; not "plain".')
  return text
}

function todaysId(): string {
  return `k${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`
}
