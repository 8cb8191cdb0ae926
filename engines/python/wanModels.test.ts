import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { enginePython } from './testing/enginePython.ts'

const CHECKS = fileURLToPath(new URL('testing/wan_checks.py', import.meta.url))

/** One program finds out all of it: importing the libraries takes longer than everything else. */
it('WAN: exact equalities, shared weights, and nothing left behind at any gate', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wan-'))
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [CHECKS, folder], { env, extendEnv: false })
  await rm(folder, { recursive: true })
  expect(JSON.parse(stdout)).toEqual({
    asBare: { none: true, single: true, start: true, end: true, both: true },
    // A guiding picture is a latent frame of its own, which changes the noise too.
    scaleZeroIsNone: { single: false, start: true, end: true, both: true },
    besideALoad: { none: true, single: true, start: true, end: true, both: true },
    flowsByAnyConfiguration: { unipc: true, 'dpm++': true },
    bytesOfShells: 0,
    cancelled: {
      gates: ['wan.blocks', 'wan.vace_blocks', 'wan.vae.decoder', 'wan.vae.encoder'],
      left: [],
      same: true,
    },
    lowMemory: { tiled: true, same: true },
    firstBlockCache: { changes: true, same: true },
    tokensAsFiled: true,
    besideACutVace: 'wan2.1-t2v-1.3b-diffusers',
    unguidedIgnoresNegative: true,
  })
}, 300_000)
