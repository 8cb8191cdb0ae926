import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))

export interface DiffusersOptions {
  /** The Python of the engine's environment. */
  python: string
  device: 'cuda' | 'cpu'
  modelsDir: string
  sdxlCheckpoint: string
  /** What is kept over restarts: compiled kernels, generated configurations. */
  cacheDir: string
  ffmpeg: string
  compile: boolean
  lossy: readonly string[]
  enhanceLimitMs: number
  /** How long a job may make no progress before the program no longer speaks for it; three times that while it loads or compiles. */
  stallMs: number
  wanCommand: string | null
  wanCommandPython: string
  /** UUID of the one card that the program may see; null on the CPU. */
  cardUuid: string | null
  /** Of the worker's own: where programs are found, and the home of their settings. */
  path: string
  home: string
  /** Where the driver's libraries are, on a machine that keeps them in a place of their own. */
  libraryPath: string | null
}

/** How a GPU worker starts the program that computes with diffusers. Nothing of the worker's environment is inherited. */
export function diffusersCommand(options: DiffusersOptions) {
  const { python, cacheDir, cardUuid, libraryPath } = options
  const wan =
    options.wanCommand === null
      ? []
      : ['--wan-command', options.wanCommand, '--wan-command-python', options.wanCommandPython]
  return {
    command: python,
    args: [
      '-m',
      'ourvidz_engine',
      ...['--device', options.device],
      ...['--models-dir', options.modelsDir],
      ...['--sdxl-checkpoint', options.sdxlCheckpoint],
      ...['--cache-dir', cacheDir],
      ...['--ffmpeg', options.ffmpeg],
      ...(options.compile ? ['--compiler', 'inductor'] : []),
      ...['--lossy', options.lossy.join(',')],
      ...['--enhance-limit-seconds', String(options.enhanceLimitMs / 1000)],
      ...['--stall-seconds', String(options.stallMs / 1000)],
      ...wan,
    ],
    env: {
      PATH: options.path,
      HOME: options.home,
      ...(libraryPath === null ? {} : { LD_LIBRARY_PATH: libraryPath }),
      PYTHONPATH: HERE,
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      HF_HUB_OFFLINE: '1',
      TRANSFORMERS_OFFLINE: '1',
      PYTORCH_ALLOC_CONF: 'expandable_segments:True',
      TORCHINDUCTOR_CACHE_DIR: join(cacheDir, 'inductor'),
      TRITON_CACHE_DIR: join(cacheDir, 'triton'),
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: cardUuid ?? '',
      // Tiny models on a CPU that others use too: threads that wait for each other take thirty times as long.
      ...(options.device === 'cpu' ? { OMP_NUM_THREADS: '1' } : {}),
    },
  }
}
