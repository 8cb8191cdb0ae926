import { expect, test } from 'vitest'
import { ownCommand } from './ownCommand.ts'

test('an engine of one’s own sees the one card, and nothing else of the worker’s environment', () => {
  const words = ['python3', '-m', 'my_engine', '--say', 'a b; c']
  const given = { words, cardUuid: 'GPU-1', path: '/usr/bin', home: '/home/me', libraryPath: null }
  expect(ownCommand(given)).toEqual({
    command: 'python3',
    args: ['-m', 'my_engine', '--say', 'a b; c'],
    env: {
      PATH: '/usr/bin',
      HOME: '/home/me',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: 'GPU-1',
    },
  })
  expect(ownCommand({ ...given, libraryPath: '/usr/local/nvidia/lib64' }).env).toMatchObject({
    LD_LIBRARY_PATH: '/usr/local/nvidia/lib64',
  })
})
