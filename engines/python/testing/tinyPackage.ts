import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

/** Zips a folder's worth of files as a wheel; a wheel is nothing more. */
const PACK = `import sys, zipfile
name, target = sys.argv[1:]
info = f"{name}-1.0.dist-info"
with zipfile.ZipFile(target, "w") as wheel:
    wheel.writestr(f"{name}.py", "SAYS = 'a red bicycle'\\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", f"{name}.py,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")`

/** A package `bicycle` in a folder, and a locked list that names it there and no index. `hash` is put in place of its own. */
export async function tinyList(folder: string, { hash }: { hash?: string } = {}): Promise<string> {
  const wheels = join(folder, 'wheels')
  await mkdir(wheels, { recursive: true })
  const wheel = join(wheels, 'bicycle-1.0-py3-none-any.whl')
  await execa('python3', ['-c', PACK, 'bicycle', wheel])
  const sha256 =
    hash ??
    createHash('sha256')
      .update(await readFile(wheel))
      .digest('hex')
  const list = join(folder, 'list.txt')
  await writeFile(list, `--no-index\n--find-links ${wheels}\nbicycle==1.0 \\\n    --hash=sha256:${sha256}\n`)
  return list
}
