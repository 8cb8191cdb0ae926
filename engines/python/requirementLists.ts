import { fileURLToPath } from 'node:url'
import { EnvironmentError } from './environmentError.ts'

/**
 * The lists of the engine, best first, and the major version of the driver that the wheels of each need (NVIDIA's table of
 * minor version compatibility).
 */
export const CUDA_LISTS = [
  { name: 'cuda13', cuda: '13', oldestDriver: 580 },
  { name: 'cuda12', cuda: '12.8', oldestDriver: 525 },
] as const

export type CudaList = (typeof CUDA_LISTS)[number]['name']

/** A locked list in `requirements/`: every package with its version and the hashes of its files, without any address. */
export type ListName = CudaList | 'dev' | 'uv'

export function listFile(name: ListName): string {
  return fileURLToPath(new URL(`./requirements/${name}.txt`, import.meta.url))
}

/** What the lists have wheels for. */
const PLATFORM = 'linux-x64'

/**
 * The list for a machine whose driver has this version (`580.95.05`); null where there is no card: the tests, on the CPU.
 * Throws {@link EnvironmentError} where there is none.
 */
export function chooseList(
  driverVersion: string | null,
  platform = `${process.platform}-${process.arch}`,
): CudaList {
  if (platform !== PLATFORM) {
    throw new EnvironmentError(
      `The diffusers engine runs on Linux x86-64; this is ${platform}. ENGINE=preview runs anywhere.`,
    )
  }
  const [best] = CUDA_LISTS
  if (driverVersion === null) return best.name
  const driver = Number.parseInt(driverVersion, 10)
  const fitting = CUDA_LISTS.find(({ oldestDriver }) => driver >= oldestDriver)
  if (fitting !== undefined) return fitting.name
  const oldest = Math.min(...CUDA_LISTS.map(({ oldestDriver }) => oldestDriver))
  throw new EnvironmentError(
    `The card's driver is ${driverVersion}, and no torch that we know runs on one older than ${oldest}. Install a newer driver (${best.oldestDriver} or later is best).`,
  )
}
