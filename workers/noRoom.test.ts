import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../runtime/config.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createNoRoom } from './noRoom.ts'

const look = (DATA_DIR: string) => createNoRoom(parseConfig({ DATA_DIR }))()

test('a folder that is still to be made has the room of the disk that it will be on', async () => {
  expect(await look(join(await temporaryDirectory(), 'not', 'there'))).toBeNull()
  // The kernel's own file system has none.
  expect(await look('/proc')).toBe('no room under /proc: less than 64 MiB are free')
})
