import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'

/** What the stand-in prints, by query. */
export interface NvidiaSmiAnswers {
  gpus?: string
  apps?: string
  exitCode?: number
  /** It never answers. */
  hangs?: boolean
}

export interface NvidiaSmiStandIn {
  path: string
  /** From the next call on. */
  answers(given: NvidiaSmiAnswers): Promise<void>
  calls(): Promise<string[]>
  /** Of the latest call, a variable a line. */
  environment(): Promise<string>
}

/** A program in the place of `nvidia-smi` that prints recorded output, fails or hangs. */
export async function nvidiaSmiStandIn(given: NvidiaSmiAnswers = {}): Promise<NvidiaSmiStandIn> {
  const directory = await temporaryDirectory()
  const path = join(directory, 'nvidia-smi')
  const script = `#!/bin/sh
cd '${directory}'
echo "$*" >> calls
env > environment
test -e hangs && exec sleep 600
case "$*" in
  *--query-gpu=*) cat gpus;;
  *--query-compute-apps=*) cat apps;;
esac
exit "$(cat exitCode)"
`
  const answers = async ({ gpus = '', apps = '', exitCode = 0, hangs }: NvidiaSmiAnswers) => {
    const files = { gpus, apps, exitCode: `${exitCode}`, ...(hangs ? { hangs: '' } : {}) }
    for (const [name, text] of Object.entries(files)) {
      // A call that runs meanwhile must find one whole answer.
      await writeFile(join(directory, 'new'), text)
      await rename(join(directory, 'new'), join(directory, name))
    }
  }
  await writeFile(path, script)
  await chmod(path, 0o755)
  await answers(given)
  const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n')
  const environment = () => readFile(join(directory, 'environment'), 'utf8')
  return { path, answers, calls, environment }
}
