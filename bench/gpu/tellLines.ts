import type { Tell } from './place.ts'

/** What a program has said on stderr, less empty lines. */
export function tellLines(tell: Tell, stderr: string, who = ''): void {
  for (const line of stderr.split('\n')) if (line.trim() !== '') tell(`  ${who}${line}`)
}
