import { readFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'

/** Everything that lies in an SQLite database: its files as they are, freed pages and the log included, and every value whole. */
export async function databaseBytes(file: string): Promise<Buffer> {
  const files = await Promise.all([file, `${file}-wal`].map(name => readFile(name)))
  return Buffer.concat([...files, ...valuesIn(file)])
}

/** A value may cross from one page of the file to the next, so it is read by the database too. */
function valuesIn(file: string): Buffer[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
    return tables.flatMap(({ name }) =>
      database
        .prepare(`select * from "${String(name)}"`)
        .all()
        .flatMap(row => Object.values(row).map(toBuffer)),
    )
  } finally {
    database.close()
  }
}

function toBuffer(value: unknown): Buffer {
  return value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(`${value}\n`)
}

/** Which of the texts are found, as they are, in base64 at any alignment, in hex, or in UTF-16. */
export function findTexts(bytes: Buffer, texts: Record<string, string>): string[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    spellings(text)
      .filter(([, spelling]) => bytes.includes(spelling))
      .map(([spelled]) => `${name} ${spelled}`),
  )
}

function spellings(text: string): [string, Buffer][] {
  const bytes = Buffer.from(text)
  return [
    ['as it is', bytes],
    ...[0, 1, 2].map((shift): [string, Buffer] => [`in base64, shifted by ${shift}`, inBase64(bytes, shift)]),
    ['in hex', Buffer.from(bytes.toString('hex'))],
    ['in UTF-16', Buffer.from(text, 'utf16le')],
  ]
}

/** What is the same of the base64 whatever stands before and after it. */
function inBase64(bytes: Buffer, shift: number): Buffer {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '')
  const end = Math.floor(((shift + bytes.length) * 8) / 6)
  return Buffer.from(text.slice(Math.ceil((shift * 8) / 6), end))
}
