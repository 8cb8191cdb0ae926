import { execa } from 'execa'
import { z } from 'zod'
import { findEnvironment } from '../../engines/python/environment.ts'
import { chooseList, listFile } from '../../engines/python/requirementLists.ts'
import { inheriting } from '../../jobs/inheriting.ts'
import { type Found, fail, ok, skipped, warn } from './finding.ts'
import type { Machine } from './machine.ts'

const PROBE = `import json, torch
seen = torch.cuda.is_available()
print(json.dumps({
    "torch": torch.__version__,
    "cuda": torch.version.cuda,
    "card": torch.cuda.get_device_name(0) if seen else None,
}))`
const probeSchema = z.object({ torch: z.string(), cuda: z.string().nullable(), card: z.string().nullable() })
const PROBE_MS = 90_000

/** Whether the engine's Python environment is there, and whether its torch works with the card and the driver. */
export async function checkEnvironment(machine: Machine): Promise<Found> {
  const { config } = machine
  const { kind } = config.engine
  if (kind !== 'diffusers') return skipped(`ENGINE=${kind} needs no Python of ours`)
  const card = await machine.card().catch(() => undefined)
  if (card === undefined) return skipped('which packages it needs is known when the card is found')
  const list = chooseList(card?.driverVersion ?? null)
  const python = await findEnvironment({
    python: config.engine.python,
    cacheDir: config.cacheDir,
    list: listFile(list),
    path: config.engine.path,
  })
  if (python === null) {
    return warn(`not made yet (${list}): the worker makes it when it starts, or now: ourvidz engine setup`)
  }
  const result = await execa(python, ['-I', '-c', PROBE], {
    ...inheriting(card === null ? {} : { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: card.uuid }),
    reject: false,
    stdin: 'ignore',
    timeout: PROBE_MS,
  })
  if (result.failed) {
    const said = result.stderr.trim().split('\n').at(-1) || result.shortMessage
    return fail(`${python} cannot import torch (${said}): remove its folder, then ourvidz engine setup`)
  }
  const { torch, cuda, card: seen } = probeSchema.parse(JSON.parse(result.stdout))
  const said = `${python}, torch ${torch}, CUDA ${cuda}`
  if (card === null) return ok(said)
  if (seen !== null) return ok(`${said}, sees ${seen}`)
  return fail(
    `${said} does not see the card with driver ${card.driverVersion}: ${result.stderr.trim().split('\n').at(-1) || 'it says nothing'}`,
  )
}
