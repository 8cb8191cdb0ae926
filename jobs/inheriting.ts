/** Of a program that we start: where it finds programs and libraries, keeps its files, and in which language and code it speaks. */
const ALL_NEED = /^(PATH|HOME|TMPDIR|LD_LIBRARY_PATH|LANG|LC_ALL|LC_CTYPE)$/

/**
 * Options for starting a program: of our environment it inherits what every program needs and names that `further` matches,
 * and no more, for ours holds keys. `given` is added.
 */
export function inheriting(given: Record<string, string> = {}, further?: RegExp) {
  // biome-ignore lint/style/noProcessEnv: what it holds is handed on, never read.
  const own = Object.entries(process.env).filter(([name]) => ALL_NEED.test(name) || further?.test(name))
  return { env: { ...Object.fromEntries(own), ...given }, extendEnv: false } as const
}
