import { execa } from 'execa'

/** Checks docker-compose.yml against its schema, with whichever Compose there is; without one it says so and passes. */
const programs: [string, ...string[]][] = [['docker-compose'], ['docker', 'compose']]
for (const [program, ...args] of programs) {
  const compose = (...rest: string[]) =>
    execa(program, [...args, ...rest], {
      cwd: new URL('..', import.meta.url),
      all: true,
      reject: false,
      timeout: 60_000,
    })
  if ((await compose('version')).failed) continue
  const result = await compose('--env-file', 'docker/example.env', 'config', '--quiet')
  console.log(
    result.failed ? result.all : `docker-compose.yml fits its schema (${program} ${args.join(' ')})`,
  )
  process.exit(result.failed ? 1 : 0)
}
console.log('docker-compose.yml was not checked: no Docker Compose on this machine')
