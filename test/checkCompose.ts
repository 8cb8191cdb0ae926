import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/** Checks docker-compose.yml against its schema, with whichever Compose there is; without one it says so and passes. */
const programs: [string, ...string[]][] = [['docker-compose'], ['docker', 'compose']]
const repository = fileURLToPath(new URL('..', import.meta.url))
/** In a folder of its own, where the example of an environment can stand as `.env`. */
const folder = await mkdtemp(join(tmpdir(), 'ourvidz-compose-'))
try {
  await cp(join(repository, 'docker-compose.yml'), join(folder, 'docker-compose.yml'))
  await cp(join(repository, 'docker'), join(folder, 'docker'), { recursive: true })
  await cp(join(repository, 'docker/example.env'), join(folder, '.env'))
  process.exitCode = await check()
} finally {
  await rm(folder, { recursive: true })
}

async function check(): Promise<number> {
  for (const [program, ...args] of programs) {
    const compose = (...rest: string[]) =>
      execa(program, [...args, ...rest], { cwd: folder, all: true, reject: false, timeout: 60_000 })
    if ((await compose('version')).failed) continue
    const result = await compose('config', '--quiet')
    console.log(
      result.failed ? result.all : `docker-compose.yml fits its schema (${program} ${args.join(' ')})`,
    )
    return result.failed ? 1 : 0
  }
  console.log('docker-compose.yml was not checked: no Docker Compose on this machine')
  return 0
}
