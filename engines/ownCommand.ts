export interface OwnCommandOptions {
  /** The program and its arguments. */
  words: readonly string[]
  /** UUID of the one card that the program may see; null where it computes without one. */
  cardUuid: string | null
  /** Of the worker's own: where programs are found, and the home of their settings. */
  path: string
  home: string
}

/** How a GPU worker starts an engine that somebody brings. Nothing else of the worker's environment is inherited: it holds keys. */
export function ownCommand({ words, cardUuid, path, home }: OwnCommandOptions) {
  const [command = '', ...args] = words
  const card = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: cardUuid ?? '' }
  return { command, args, env: { PATH: path, HOME: home, ...card } }
}
