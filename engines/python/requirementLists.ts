import { fileURLToPath } from 'node:url'
import { EnvironmentError } from './environmentError.ts'

/** A locked list in `requirements/`: every package with its version and the hashes of its files, without any address. */
export type ListName = 'cuda13' | 'cuda12' | 'dev' | 'uv'

export function listFile(name: ListName): string {
  return fileURLToPath(new URL(`./requirements/${name}.txt`, import.meta.url))
}

/** Major versions of the driver that each list's wheels need (NVIDIA's table of minor version compatibility). */
export const CUDA_LISTS = [
  { name: 'cuda13', cuda: '13', oldestDriver: 580 },
  { name: 'cuda12', cuda: '12.8', oldestDriver: 525 },
] as const

/** What the lists have wheels for. */
const PLATFORM = 'linux-x64'

/**
 * The list for a machine whose driver has this version (`580.95.05`); null where there is no card: the tests, on the CPU.
 * Throws {@link EnvironmentError} where there is none.
 */
export function chooseList(
  driverVersion: string | null,
  platform = `${process.platform}-${process.arch}`,
): 'cuda13' | 'cuda12' {
  if (platform !== PLATFORM) {
    throw new EnvironmentError(
      `The diffusers engine runs on Linux x86-64; this is ${platform}. ENGINE=preview runs anywhere.`,
    )
  }
  if (driverVersion === null) return 'cuda13'
  const driver = Number.parseInt(driverVersion, 10)
  const fitting = CUDA_LISTS.find(({ oldestDriver }) => driver >= oldestDriver)
  if (fitting !== undefined) return fitting.name
  throw new EnvironmentError(
    `The card's driver is ${driverVersion}, and no torch that we know runs on one older than 525. Install a newer driver (580 or later is best).`,
  )
}
