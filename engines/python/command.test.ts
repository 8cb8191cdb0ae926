import { expect, it } from 'vitest'
import { diffusersCommand } from './command.ts'

it('shows the program one card, keeps what it compiles, and gives it nothing of the worker’s environment', () => {
  const given = {
    python: '/env/bin/python',
    device: 'cuda',
    modelsDir: '/models',
    sdxlCheckpoint: '/models/sdxl.safetensors',
    cacheDir: '/cache/kept',
    ffmpeg: '/usr/bin/ffmpeg',
    compile: true,
    lossy: [],
    enhanceLimitMs: 60_000,
    stallMs: 600_000,
    wanCommand: null,
    wanCommandPython: 'python',
    cardUuid: 'GPU-1',
    path: '/usr/bin',
    home: '/home/me',
    libraryPath: null,
  } as const
  const { command, args, env } = diffusersCommand(given)
  expect([command, ...args.slice(0, 4)]).toEqual([
    '/env/bin/python',
    '-m',
    'ourvidz_engine',
    '--device',
    'cuda',
  ])
  expect(args.join(' ')).toContain('--compiler inductor')
  expect(env).toEqual({
    PATH: '/usr/bin',
    HOME: '/home/me',
    PYTHONPATH: expect.stringMatching(/python\/$/),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    HF_HUB_OFFLINE: '1',
    TRANSFORMERS_OFFLINE: '1',
    PYTORCH_ALLOC_CONF: 'expandable_segments:True',
    TORCHINDUCTOR_CACHE_DIR: '/cache/kept/inductor',
    TRITON_CACHE_DIR: '/cache/kept/triton',
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: 'GPU-1',
  })
  expect(diffusersCommand({ ...given, libraryPath: '/driver/lib' }).env).toMatchObject({
    LD_LIBRARY_PATH: '/driver/lib',
  })
})
