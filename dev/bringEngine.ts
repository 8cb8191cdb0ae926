/** Makes the inference program's Python environment before the tests: gigabytes, once. */
import { ensureEnvironment } from '../engines/python/environment.ts'
import { EnvironmentError } from '../engines/python/environmentError.ts'
import { chooseList, listFile } from '../engines/python/requirementLists.ts'
import { ownConfig, ownEnvironment } from './environment.ts'

const { cacheDir, engine } = ownConfig()
try {
  const list = listFile(chooseList(null))
  const tell = (line: string) => console.log(line)
  console.log(`Engine: ${await ensureEnvironment({ python: engine.python, cacheDir, list, tell })}`)
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error
  console.log(`Engine: its tests cannot run. ${error.message.replace(/\s*\n\s*/g, ' ')}`)
  // The other tests do without it, but CI must not pass without having run them all.
  if (ownEnvironment().CI) process.exitCode = 1
}
