import { rmSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the parts of a running stack are: what `dev.json` holds, by which other commands find it. */
export interface StackAddresses {
  temporalAddress: string
  namespace: string
  /** Absent without the Web UI. */
  uiUrl?: string
  /** Of the codec server; absent without encryption. */
  codecUrl?: string
  storeUrl: string
  receiverUrl: string
  callbackUrl: string
  controlHealthPort: number
  gpuHealthPort: number
  /** Of the process that runs the stack. */
  pid: number
}

/** Writes `dev.json`; gives what removes it, which also happens when the process exits in a hurry. */
export async function publishAddresses(dataDir: string, addresses: StackAddresses): Promise<() => void> {
  const file = join(dataDir, 'dev.json')
  await mkdir(dataDir, { recursive: true })
  await writeFile(`${file}.new`, `${JSON.stringify(addresses, null, 2)}\n`)
  await rename(`${file}.new`, file)
  const remove = () => rmSync(file, { force: true })
  process.once('exit', remove)
  return () => {
    process.off('exit', remove)
    remove()
  }
}
