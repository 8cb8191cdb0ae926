import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JobFailure } from '../jobs/failures.ts'
import type { RenderReceipt } from '../jobs/receipt.ts'
import { diskFull } from './atomicFile.ts'
import type { RenderRef } from './renderPath.ts'
import { createRenderStore, type RenderStore } from './renders.ts'
import { holdRender } from './testing/holdRender.ts'
import { receiptFor } from './testing/receiptFor.ts'

let directory: string
let renders: RenderStore

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'renders-'))
  renders = createRenderStore({ directory })
})

afterEach(() => rm(directory, { recursive: true }))

const newRef = (): RenderRef => ({
  jobId: randomUUID(),
  planHash: createHash('sha256').update(randomUUID()).digest('hex'),
})

async function finished(ref: RenderRef, content = 'picture'): Promise<RenderReceipt> {
  const begun = await renders.begin(ref)
  if (!begun.begun) throw new Error('owned by another')
  await writeFile(join(begun.workDir, '0.png'), content)
  await writeFile(join(begun.workDir, '0.thumb.webp'), 'small')
  const receipt = receiptFor(ref, content.length)
  await renders.finish(ref, begun.workDir, receipt)
  return receipt
}

async function age(ref: RenderRef, hours: number): Promise<void> {
  const folder = join(directory, ref.jobId, ref.planHash)
  const then = new Date(Date.now() - hours * 3_600_000)
  const entries = await readdir(folder, { recursive: true })
  for (const name of [...entries, '.']) await utimes(join(folder, name), then, then)
}

describe('a receipt', () => {
  it('is found again, by another store too, with its files in their place and nothing else', async () => {
    const ref = newRef()
    expect(await renders.receipt(ref)).toBeNull()
    const receipt = await finished(ref)
    expect(await createRenderStore({ directory }).receipt(ref)).toEqual(receipt)
    const names = await readdir(join(directory, ref.jobId, ref.planHash))
    expect(names.sort()).toEqual(['0.png', '0.thumb.webp', 'began-1.json', 'receipt.json'])
    expect(await renders.owned(ref)).toBe(false)
  })

  it.each([
    ['removed', (file: string) => rm(file)],
    ['cut short', (file: string) => truncate(file, 3)],
  ])('counts for nothing when a file was %s', async (_, harm) => {
    const ref = newRef()
    await finished(ref)
    await harm(renders.file(ref, '0.png'))
    expect(await renders.receipt(ref)).toBeNull()
    const again = await renders.begin(ref)
    expect(again).toMatchObject({ begun: true, attempt: 2 })
  })

  it('counts for nothing when it is half a record', async () => {
    const ref = newRef()
    await finished(ref)
    await truncate(join(directory, ref.jobId, ref.planHash, 'receipt.json'), 40)
    expect(await renders.receipt(ref)).toBeNull()
  })

  it('outlives its bytes once these are uploaded', async () => {
    const ref = newRef()
    const receipt = await finished(ref)
    expect(await renders.uploaded(ref, 'run 1')).toBeNull()
    const asset = {
      index: 0,
      path: 'u/j/0.png',
      thumbnailPath: 'u/j/0.t.webp',
      url: null,
      thumbnailUrl: null,
      bytes: 7,
    }
    await renders.markUploaded(ref, [asset], 'run 1')
    expect(await renders.uploaded(ref, 'run 1')).toEqual([asset])
    expect(await renders.uploaded(ref, 'run 2')).toBeNull()
    expect(await renders.receipt(ref)).toEqual(receipt)
    const left = await readdir(join(directory, ref.jobId, ref.planHash))
    expect(left.sort()).toEqual(['began-1.json', 'receipt.json', 'upload.json'])
  })
})

describe('a beginning', () => {
  it('is counted over failures, and forgotten when the job is discarded', async () => {
    const ref = newRef()
    const first = await renders.begin(ref)
    if (first.begun) await writeFile(join(first.workDir, 'half.png'), 'half')
    await renders.giveUp(ref)
    expect(await readdir(join(directory, ref.jobId, ref.planHash))).toEqual(['began-1.json'])
    expect(await renders.begin(ref)).toMatchObject({ begun: true, attempt: 2 })
    await renders.discard(ref.jobId)
    expect(await readdir(directory)).toEqual([])
    expect(await renders.begin(ref)).toMatchObject({ begun: true, attempt: 1 })
  })

  it('goes to one of many stores that want it at once', async () => {
    const ref = newRef()
    const stores = Array.from({ length: 8 }, () => createRenderStore({ directory }))
    const told = await Promise.all(stores.map(store => store.begin(ref)))
    expect(told.filter(({ begun }) => begun)).toHaveLength(1)
    expect(told.filter(({ begun }) => !begun)).toContainEqual({ begun: false, ownerPid: process.pid })
  })

  it('belongs to its process while that lives, and is taken over with its count when it is dead', async () => {
    const ref = newRef()
    const other = await holdRender(directory, ref)
    try {
      expect(other.told).toMatchObject({ begun: true, attempt: 1 })
      expect(await renders.begin(ref)).toEqual({ begun: false, ownerPid: other.pid })
      expect(await renders.owned(ref)).toBe(true)
      await renders.discard(ref.jobId)
      expect(await renders.owned(ref)).toBe(true)
    } finally {
      await other.kill()
    }
    expect(await renders.owned(ref)).toBe(false)
    expect(await renders.begin(ref)).toMatchObject({ begun: true, attempt: 2 })
    expect((await readdir(join(directory, ref.jobId, ref.planHash))).sort()).toEqual([
      'began-2.json',
      'work-2',
    ])
  })

  it('counts the deaths of a round: told ones, and those of processes that had the card', async () => {
    const ref = newRef()
    await renders.begin(ref)
    await renders.giveUp(ref, true)
    await renders.begin(ref)
    await renders.giveUp(ref)
    for (const hasCard of [false, true]) await (await holdRender(directory, ref, { hasCard })).kill()
    expect(await renders.begin(ref)).toMatchObject({ begun: true, attempt: 5, kills: 2 })
    await renders.hasCard(ref)
    await renders.giveUp(ref)
    expect(await renders.begin(ref)).toMatchObject({ kills: 2 })
    await renders.giveUp(ref, true)
    expect(await createRenderStore({ directory }).begin(ref, 1)).toMatchObject({ attempt: 7, kills: 0 })
  })

  it('that a living process of ours could not tidy up is no death', async () => {
    const ref = newRef()
    await renders.begin(ref)
    await renders.hasCard(ref)
    const other = createRenderStore({ directory })
    expect(await other.begin(ref)).toMatchObject({ begun: false })
    await rm(join(directory, ref.jobId, ref.planHash, 'work-1'), { recursive: true })
    await renders.giveUp(ref)
    expect(await other.begin(ref)).toMatchObject({ begun: true, kills: 0 })
  })

  it.each(['as it is over', 'as it begins'])(
    'that could not be tidied up by its process, %s, is begun anew by it all the same',
    async when => {
      const ref = newRef()
      const folder = join(directory, ref.jobId, ref.planHash)
      const mark = join(folder, 'began-1.json')
      if (when === 'as it begins') {
        // A receipt that cannot be read.
        await mkdir(join(folder, 'receipt.json'), { recursive: true })
        await expect(renders.begin(ref)).rejects.toThrow('EISDIR')
        await rm(join(folder, 'receipt.json'), { recursive: true })
      } else {
        await renders.begin(ref)
        await rename(mark, `${mark}.aside`)
        await mkdir(mark)
        await expect(renders.giveUp(ref)).rejects.toThrow('EISDIR')
        await rm(mark, { recursive: true })
        await rename(`${mark}.aside`, mark)
      }
      expect(await renders.begin(ref)).toMatchObject({ begun: true, attempt: 2, kills: 0 })
    },
  )

  it('whose files cannot be looked at for a moment is not taken for gone', async () => {
    const ref = newRef()
    const receipt = await finished(ref)
    const file = renders.file(ref, '0.png')
    await rename(file, `${file}.aside`)
    await symlink(file, file)
    await expect(renders.receipt(ref)).rejects.toThrow('ELOOP')
    await rm(file)
    await rename(`${file}.aside`, file)
    expect(await renders.receipt(ref)).toEqual(receipt)
    await rm(file)
    expect(await renders.receipt(ref)).toBeNull()
  })

  it('does not undo what another process has finished since', async () => {
    const ref = newRef()
    const receipt = await finished(ref)
    expect(await createRenderStore({ directory }).begin(ref)).toMatchObject({ begun: false })
    expect(await renders.receipt(ref)).toEqual(receipt)
  })
})

describe('collection', () => {
  const limits = { ttlMs: 72 * 3_600_000, maxBytes: 1e9 }

  it('removes what is older than the limit, and the folder of its job', async () => {
    const [old, recent] = [newRef(), newRef()]
    for (const ref of [old, recent]) await finished(ref)
    await age(old, 80)
    await age(recent, 70)
    const { removedFiles, removedBytes, keptBytes } = await renders.collect(limits)
    expect(removedFiles).toBe(1)
    expect(removedBytes).toBeGreaterThan(7)
    expect(keptBytes).toBeGreaterThan(7)
    expect(await readdir(directory)).toEqual([recent.jobId])
  })

  it('removes the oldest when there is too much, but nothing young', async () => {
    const [older, old, young] = [newRef(), newRef(), newRef()]
    for (const ref of [older, old, young]) await finished(ref, 'x'.repeat(100_000))
    await age(older, 3)
    await age(old, 2)
    await renders.collect({ ...limits, maxBytes: 250_000 })
    expect((await readdir(directory)).sort()).toEqual([old.jobId, young.jobId].sort())
    await renders.collect({ ...limits, maxBytes: 0 })
    expect(await readdir(directory)).toEqual([young.jobId])
  })

  it('leaves what a living process is at, this one or another', async () => {
    const [own, others] = [newRef(), newRef()]
    await renders.begin(own)
    const other = await holdRender(directory, others)
    try {
      await age(own, 100)
      await age(others, 100)
      expect((await renders.collect(limits)).removedFiles).toBe(0)
    } finally {
      await other.kill()
    }
    expect((await renders.collect(limits)).removedFiles).toBe(1)
    expect(await readdir(directory)).toEqual([own.jobId])
  })

  it('does nothing where nothing was ever rendered', async () => {
    const nowhere = createRenderStore({ directory: join(directory, 'absent') })
    expect(await nowhere.collect(limits)).toEqual({ removedFiles: 0, removedBytes: 0, keptBytes: 0 })
  })
})

describe('safety', () => {
  it('makes no path of what is no UUID, no hash or no plain name', async () => {
    const ref = newRef()
    await expect(renders.begin({ ...ref, jobId: '../../etc' })).rejects.toThrow('no UUID')
    await expect(renders.receipt({ ...ref, planHash: `${ref.planHash}/..` })).rejects.toThrow('no sha256')
    await expect(renders.discard('..')).rejects.toThrow('no UUID')
    for (const name of ['../0.png', 'a/b', '..', '.hidden', '']) {
      expect(() => renders.file(ref, name)).toThrow('not plain')
    }
  })

  it('calls a full disk by its name', async () => {
    const error = await writeFile('/dev/full', 'x').catch((cause: unknown) => diskFull(cause, '/dev/full'))
    expect(error).toBeInstanceOf(JobFailure)
    expect(error).toMatchObject({ code: 'disk_full' })
  })
})
