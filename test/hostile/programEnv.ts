import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** The environment of `hostileProgram.ts`. It is told the hash of the other's picture, so that no hash gives its tricks away. */
export async function programEnv(
  goodPicture: string,
  othersPicture: string,
): Promise<Record<string, string>> {
  const othersSha256 = createHash('sha256')
    .update(await readFile(othersPicture))
    .digest('hex')
  return {
    GOOD_PICTURE: goodPicture,
    OTHERS_PICTURE: othersPicture,
    OTHERS_SHA256: othersSha256,
    PATH: process.env.PATH ?? '',
  }
}
