import type { RenderReceipt } from '../../jobs/receipt.ts'
import type { RenderRef } from '../renderPath.ts'

/** A receipt of one picture. */
export function receiptFor(ref: RenderRef, bytes: number): RenderReceipt {
  return {
    host: 'host-1',
    ...ref,
    seed: 7,
    files: [
      {
        index: 0,
        file: '0.png',
        thumbnail: '0.thumb.webp',
        sha256: '0'.repeat(64),
        bytes,
        contentType: 'image/png',
        seed: 7,
        width: 64,
        height: 48,
        frames: 1,
      },
    ],
    timings: { waitMs: 1, loadMs: 1, cardMs: 1, encodeMs: 1, totalMs: 4 },
    memory: null,
    engine: { name: 'scripted', version: '1', device: 'paper', referenceMethod: null },
  }
}
