import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where what was fetched or made once is kept, whatever installation it is for. An empty variable counts as not set. */
export function cacheFolder({ XDG_CACHE_HOME }: Record<string, string | undefined>): string {
  return join(resolve(XDG_CACHE_HOME || join(homedir(), '.cache')), 'ourvidz')
}
