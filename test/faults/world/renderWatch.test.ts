import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRenderStore } from '../../../assets/renders.ts'
import { receiptFor } from '../../../assets/testing/receiptFor.ts'
import { temporaryDirectory } from '../../temporaryDirectory.ts'
import { type RenderSeen, watchRenders } from './renderWatch.ts'

const PLAN_HASH = 'a'.repeat(64)
/** Longer than the system takes to tell of a change. */
const SETTLED_MS = 100

test('a render is seen when it has the card, while its receipt is missing and when it is there, and at no other time', async () => {
  const directory = await temporaryDirectory()
  const seen: RenderSeen[] = []
  const receipts: string[] = []
  const watch = watchRenders({
    directory,
    host: 'card-1',
    onSeen: each => seen.push(each),
    onReceipt: ({ path }) => receipts.push(path),
  })
  const moments = () => [...new Set(seen.map(({ moment }) => moment))]
  try {
    const renders = createRenderStore({ directory })
    const ref = { jobId: randomUUID(), planHash: PLAN_HASH }
    const begun = await renders.begin(ref)
    if (!begun.begun) throw new Error('it belongs to somebody else')
    await sleep(SETTLED_MS)
    expect(moments()).toEqual([])

    await renders.hasCard(ref)
    await expect.poll(moments).toEqual(['drawing'])
    await writeFile(join(begun.workDir, '0.png'), 'pixels')
    await writeFile(join(begun.workDir, '0.thumb.webp'), 'pixels')
    await sleep(SETTLED_MS)
    expect(moments()).toEqual(['drawing'])

    await renders.finish(ref, begun.workDir, receiptFor(ref, 'pixels'.length))
    await expect.poll(moments).toContain('receipt')
    expect(receipts).toEqual([renders.file(ref, 'receipt.json')])
    const before = seen.length
    await renders.markUploaded(ref, [], 'run')
    await sleep(SETTLED_MS)
    expect(seen.slice(before)).toEqual([])
  } finally {
    watch.close()
  }
})
