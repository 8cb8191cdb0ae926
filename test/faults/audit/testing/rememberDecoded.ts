import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createDecoder, type Decoded, type Decoder } from '../decode.ts'

/** A decoder that decodes the same bytes once, and then says again what it said. */
export async function rememberDecoded(): Promise<Decoder> {
  const decoder = await createDecoder()
  const said = new Map<string, Promise<Decoded>>()
  const remembering = (kind: keyof Decoder) => async (file: string) => {
    const hash = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
    const known = said.get(hash) ?? decoder[kind](file)
    said.set(hash, known)
    return await known
  }
  return { picture: remembering('picture'), video: remembering('video') }
}
