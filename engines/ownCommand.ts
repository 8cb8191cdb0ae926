export interface OwnCommandOptions {
  /** The program and its arguments. */
  words: readonly string[]
  /** UUID of the one card that the program may see; null where it computes without one. */
  cardUuid: string | null
  /** Of the worker's own: where programs are found, and the home of their settings. */
  path: string
  home: string
  /** Where the driver's libraries are, on a machine that keeps them in a place of their own. */
  libraryPath: string | null
}

/** How a GPU worker starts an engine that somebody brings. Nothing else of the worker's environment is inherited: it holds keys. */
export function ownCommand({ words, cardUuid, path, home, libraryPath }: OwnCommandOptions) {
  const [command = '', ...args] = words
  const card = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: cardUuid ?? '' }
  const libraries = libraryPath === null ? {} : { LD_LIBRARY_PATH: libraryPath }
  return { command, args, env: { PATH: path, HOME: home, ...libraries, ...card } }
}
