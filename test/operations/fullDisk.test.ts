import { execFileSync } from 'node:child_process'
import { mkdir, rm, statfs, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { attempts } from '../workflows/attempts.ts'
import { payloadOf } from '../workflows/payloads.ts'
import { ending, openPipeline } from '../workflows/pipeline.ts'

/** A file system of its own needs the right to mount one: in a container that lacks it this is skipped, and said. */
const mayMount = await tryMount()
if (!mayMount) console.warn('NOT TESTED: full disks, as no file system can be mounted here')

async function tryMount(): Promise<boolean> {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

/** A disk of a few MiB, and a file that fills it to the last byte. */
async function smallDisk() {
  const directory = await temporaryDirectory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', directory])
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]))
  const filler = join(directory, 'something-else')
  return {
    directory,
    async fill() {
      const { bavail, bsize } = await statfs(directory)
      await writeFile(filler, Buffer.alloc(bavail * bsize, 1))
      expect((await statfs(directory)).bavail).toBe(0)
    },
    free: () => rm(filler),
  }
}

test.skipIf(!mayMount)(
  'under the renders: a job is tried again, ends once there is room, and fails as such after six tries without',
  async () => {
    const disk = await smallDisk()
    const stack = await openPipeline({ gpu: false, env: { TIME_SCALE: '0.1' } })
    const { pipeline, heard } = stack
    await stack.startGpu({ DATA_DIR: disk.directory })
    await disk.fill()
    const hopeless = payloadOf()
    expect(await stack.run(hopeless)).toMatchObject({ status: 'failed', failure: { code: 'disk_full' } })
    expect(await attempts(stack, hopeless.id, 'generate')).toEqual([6])
    expect(heard(hopeless.id).at(-1)).toMatchObject({ metadata: { error_type: 'disk_full' } })

    const payload = payloadOf()
    await pipeline.submit(payload)
    const reason = async () => (await pipeline.get(payload.id)).waitingReason ?? ''
    await expect.poll(reason, { timeout: 20_000 }).toContain('disk_full')
    await disk.free()
    expect(await ending(stack, payload.id)).toMatchObject({ status: 'completed' })
    expect(heard(payload.id).map(({ status }) => status)).toEqual(['processing', 'completed'])
  },
)

test.skipIf(!mayMount)(
  'under the staging: jobs with a reference fail as such, others do not notice',
  async () => {
    const disk = await smallDisk()
    const storeDir = await temporaryDirectory()
    const stack = await openPipeline({
      gpu: false,
      env: { DATA_DIR: disk.directory, STORE_DIR: storeDir },
    })
    const { run, heard, startGpu } = stack
    // One machine, whose staging alone is on the small disk.
    const machine = await temporaryDirectory()
    await mkdir(join(disk.directory, 'staging'))
    await symlink(join(disk.directory, 'staging'), join(machine, 'staging'))
    await startGpu({ DATA_DIR: machine })
    const plain = payloadOf()
    const path = `reference_images/${plain.user_id}/reference.png`
    await mkdir(dirname(join(storeDir, path)), { recursive: true })
    await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .png()
      .toFile(join(storeDir, path))
    await disk.fill()
    const referring = payloadOf({ userId: plain.user_id, metadata: { reference_image_url: path } })
    expect(await run(plain)).toMatchObject({ status: 'completed' })
    expect(await run(referring)).toMatchObject({
      status: 'failed',
      failure: { code: 'disk_full' },
      receipt: null,
    })
    expect(await attempts(stack, referring.id, 'fetchReferences')).toEqual([4])
    expect(heard(referring.id).at(-1)).toMatchObject({
      status: 'failed',
      metadata: { error_type: 'disk_full' },
    })
    await disk.free()
    const again = payloadOf({ userId: plain.user_id, metadata: { reference_image_url: path } })
    expect(await run(again)).toMatchObject({ status: 'completed', referenceMode: 'single' })
  },
)
