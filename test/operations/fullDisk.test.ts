import { execFileSync } from 'node:child_process'
import { mkdir, rm, statfs, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { JOB_MIB } from '../../workers/noRoom.ts'
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

/** A small disk, which something else can fill: to its last byte, or with as many files as it can have. */
async function smallDisk() {
  const directory = await temporaryDirectory()
  const size = `size=${2 * JOB_MIB}m,nr_inodes=200`
  execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', directory])
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]))
  const others = join(directory, 'something-else')
  await mkdir(others)
  return {
    directory,
    async fill() {
      const { bavail, bsize } = await statfs(directory)
      await writeFile(join(others, 'filler'), Buffer.alloc(bavail * bsize, 1))
      expect((await statfs(directory)).bavail).toBe(0)
    },
    async fillWithFiles() {
      const { ffree } = await statfs(directory)
      for (let left = ffree; left > 0; left -= 1) await writeFile(join(others, `${left}`), '')
    },
    free: () => rm(others, { recursive: true }),
  }
}

test.skipIf(!mayMount)(
  'under the renders: the machine takes no jobs and says why, and they end once there is room',
  async () => {
    const disk = await smallDisk()
    const stack = await openPipeline({ gpu: false, env: { TIME_SCALE: '0.1' } })
    const { pipeline, config, heard } = stack
    await stack.startGpu({ DATA_DIR: disk.directory })
    await disk.fill()
    const full = `no room under ${disk.directory}: less than ${JOB_MIB} MiB are free`
    const reasons = async () => {
      const { lanes } = await pipeline.card(config.hostId).status()
      return lanes.map(({ reason }) => reason)
    }
    await expect.poll(reasons, { timeout: 20_000 }).toEqual([full, full, full, null])

    const payloads = Array.from({ length: 4 }, () => payloadOf())
    for (const payload of payloads) await pipeline.submit(payload)
    // Six tries would take three.
    await sleep(5_000)
    await disk.free()
    for (const { id } of payloads) {
      expect(await ending(stack, id)).toMatchObject({ status: 'completed' })
      expect(heard(id).map(({ status }) => status)).toEqual(['processing', 'completed'])
    }
  },
)

test.skipIf(!mayMount)(
  'that tells of room and has none: a job is tried again, ends once there is, and fails as such after six tries',
  async () => {
    const disk = await smallDisk()
    const stack = await openPipeline({ gpu: false, env: { TIME_SCALE: '0.1' } })
    const { pipeline, heard } = stack
    await stack.startGpu({ DATA_DIR: disk.directory })
    await disk.fillWithFiles()
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
  'under the staging: jobs with a reference wait for room, others do not notice',
  async () => {
    const disk = await smallDisk()
    const storeDir = await temporaryDirectory()
    const stack = await openPipeline({
      gpu: false,
      env: { DATA_DIR: disk.directory, STORE_DIR: storeDir, TIME_SCALE: '0.1' },
    })
    const { run, heard, pipeline, startGpu } = stack
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
    await pipeline.submit(referring)
    const fetches = () => attempts(stack, referring.id, 'fetchReferences')
    await expect.poll(fetches, { timeout: 20_000 }).toEqual([4, 4])
    await disk.free()
    expect(await ending(stack, referring.id)).toMatchObject({
      status: 'completed',
      referenceMode: 'single',
    })
    expect(heard(referring.id).map(({ status }) => status)).toEqual(['processing', 'completed'])
  },
)
