import { join } from 'node:path'

/** Where the programs of a world find the files that renders are copied from. */
export function templatesOf({ dir }: { dir: string }): string {
  return join(dir, 'templates')
}
