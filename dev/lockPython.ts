/** Writes the locked lists in engines/python/requirements anew, from the `.in` files, with the newest versions that fit. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { ensureEnvironment } from '../engines/python/environment.ts'
import { CUDA_LISTS, listFile } from '../engines/python/requirementLists.ts'
import { ownConfig } from './environment.ts'

const FOLDER = fileURLToPath(new URL('../engines/python/requirements', import.meta.url))
const OLDEST_PYTHON = '3.11'

const ALWAYS = [
  '--universal',
  '--generate-hashes',
  '--no-annotate',
  // No list may name an address: whoever installs says where packages come from.
  '--no-emit-index-url',
  '--no-emit-find-links',
  ...['--only-binary', ':all:'],
  ...['--python-version', OLDEST_PYTHON],
  ...['--custom-compile-command', 'npm run python:lock'],
  '--quiet',
  '--upgrade',
]

const { cacheDir, engine } = ownConfig()
const tell = (line: string) => console.log(line)
const list = listFile('uv')
const python = await ensureEnvironment({ python: engine.python, cacheDir, list, name: 'uv-lock', tell })
const uv = join(python, '..', 'uv')

const LISTS = [
  // The engine's lists are for the platforms that pyproject.toml names, the others for all.
  ...CUDA_LISTS.map(({ name }) => ({ name, extra: ['--overrides', 'overrides.txt'] })),
  ...(['dev', 'uv'] as const).map(name => ({ name, extra: ['--no-config'] })),
]

for (const { name, extra } of LISTS) {
  await execa(uv, ['pip', 'compile', `${name}.in`, '--output-file', `${name}.txt`, ...ALWAYS, ...extra], {
    cwd: FOLDER,
    stdio: 'inherit',
  })
  console.log(listFile(name))
}
