/**
 * Packs the SDK alone, for an app to install: `npm run pack:client [-- FOLDER]` makes `ourvidz-<version>.tgz` there. It depends
 * on what its files import and on nothing else: no native module of a worker, no Node, no ffmpeg.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BUILT = join(ROOT, 'dist')
const IMPORT =
  /(?:^(?:import|export|\}).*\bfrom |\bimport\()["']((?:@[\w.-]+\/)?[a-z][\w.-]*)(?:\/[^"']*)?["']/gm

interface Manifest {
  name: string
  version: string
  description: string
  license: string
  engines: Record<string, string>
  dependencies: Record<string, string>
}

await pack(process.argv[2] ?? ROOT)

async function pack(folder: string): Promise<void> {
  const root: Manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  await rm(BUILT, { recursive: true, force: true })
  await execa('tsc', ['-p', 'tsconfig.build.json'], { cwd: ROOT, preferLocal: true, stdio: 'inherit' })
  const { name, version, description, license, engines } = root
  const manifest = {
    ...{ name, version, private: true, description, license, type: 'module', engines },
    exports: { '.': { types: './client/index.d.ts', default: './client/index.js' } },
    dependencies: await dependenciesOf(root),
  }
  await writeFile(join(BUILT, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  await execa('npm', ['pack', BUILT, '--pack-destination', folder], { cwd: ROOT, stdio: 'inherit' })
}

/** The packages that the built files import. Throws for one that is not among the dependencies of this repository. */
async function dependenciesOf({ dependencies }: Manifest): Promise<Record<string, string>> {
  const files = (await readdir(BUILT, { recursive: true })).filter(name => /\.(js|d\.ts)$/.test(name))
  const texts = await Promise.all(files.map(name => readFile(join(BUILT, name), 'utf8')))
  const names = new Set(texts.flatMap(text => [...text.matchAll(IMPORT)].map(([, name = '']) => name)))
  return Object.fromEntries(
    [...names].toSorted().map(name => {
      const version = dependencies[name]
      if (version === undefined) throw new Error(`the SDK imports ${name}, which package.json does not list`)
      return [name, version]
    }),
  )
}
