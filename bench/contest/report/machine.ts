import { cpus, totalmem } from 'node:os'
import { execa } from 'execa'
import { z } from 'zod'
import { findTemporalBinary } from '../../../dev/temporalBinary.ts'

export const machineSchema = z.object({
  cpu: z.string(),
  cores: z.number(),
  memoryGib: z.number(),
  node: z.string(),
  temporal: z.string(),
})
export type Machine = z.infer<typeof machineSchema>

/** What figures depend on; no names of hosts or people. */
export async function describeMachine(): Promise<Machine> {
  const all = cpus()
  const { stdout } = await execa(await findTemporalBinary(), ['--version'], { timeout: 30_000 })
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    temporal: stdout.trim().replace(/^temporal version /, ''),
  }
}

export function machineText({ cpu, cores, memoryGib, node, temporal }: Machine): string {
  return `${cores} cores (${cpu}), ${memoryGib} GiB of memory, Node ${node}, Temporal CLI ${temporal}`
}
