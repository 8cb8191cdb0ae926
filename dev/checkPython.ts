/** Checks the Python code: format and style with ruff, types with pyright. `--fix` mends what can be mended. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { ensureEnvironment } from '../engines/python/environment.ts'
import { EnvironmentError } from '../engines/python/environmentError.ts'
import { listFile } from '../engines/python/requirementLists.ts'
import { ownConfig, ownEnvironment } from './environment.ts'

const FOLDER = fileURLToPath(new URL('../engines/python', import.meta.url))
/** From there, with its settings. */
const CHECKED = ['--config', 'pyproject.toml', '.', '../../bench/gpu']

async function check(fix: boolean): Promise<boolean> {
  const { cacheDir, engine } = ownConfig()
  const tell = (line: string) => console.log(line)
  const list = listFile('dev')
  const python = await ensureEnvironment({ python: engine.python, cacheDir, list, name: 'ruff', tell })
  const ruff = join(python, '..', 'ruff')
  const run = (...args: string[]) =>
    execa(ruff, [...args, ...CHECKED], { cwd: FOLDER, stdio: 'inherit', reject: false })
  const style = await run('check', ...(fix ? ['--fix'] : []))
  const format = await run('format', ...(fix ? [] : ['--check']))
  // With ruff's environment, which has no library: what those give is of any type here, whatever the machine has installed.
  const types = await execa('pyright', ['--project', FOLDER, '--pythonpath', python], {
    ...{ preferLocal: true, localDir: FOLDER, stdio: 'inherit', reject: false },
  })
  return [style, format, types].every(({ failed }) => !failed)
}

try {
  if (!(await check(process.argv.includes('--fix')))) process.exitCode = 1
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error
  console.log(`The Python code was not checked. ${error.message.replace(/\s*\n\s*/g, ' ')}`)
  if (ownEnvironment().CI) process.exitCode = 1
}
