/**
 * Runs a program that would not notice the death of whoever started it: `node leash.ts <program> [argument…]`.
 * When standard input ends, the program is killed. Signals go to the whole process group, so they reach the program
 * without help; this process waits for it and ends as it did.
 */
import { spawn } from 'node:child_process'

const [program = '', ...args] = process.argv.slice(2)
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})

for (const event of ['end', 'error', 'close']) process.stdin.once(event, () => child.kill('SIGKILL'))
process.stdin.resume()

child.once('error', error => {
  console.error(error.message)
  process.exit(127)
})
child.once('exit', (code, signal) => {
  if (signal !== null) console.error(`ended by ${signal}`)
  process.exit(code ?? 1)
})
