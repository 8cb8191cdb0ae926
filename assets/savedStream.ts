import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type Duplex, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { diskFull } from './atomicFile.ts'

export interface SaveOptions {
  maxBytes: number
  /** Thrown as soon as more than `maxBytes` have come. */
  tooLarge: () => Error
  signal: AbortSignal
  /** Put between the source and the file; the limit counts what comes out of it. */
  through?: Duplex[]
}

/** Writes a stream into a new file. Gives its size and the sha256 of its bytes; leaves no file behind when it fails. */
export async function saveStream(
  source: Readable,
  file: string,
  { maxBytes, tooLarge, signal, through = [] }: SaveOptions,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes) return done(tooLarge())
      hash.update(chunk)
      done(null, chunk)
    },
  })
  try {
    await pipeline([source, ...through, meter, createWriteStream(file)], { signal })
  } catch (error) {
    await rm(file, { force: true })
    throw diskFull(error, file)
  }
  return { bytes, sha256: hash.digest('hex') }
}
