import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { execa } from 'execa'
import { z } from 'zod'
import type { DrivenRender } from './drivenCard.ts'
import type { Place } from './place.ts'

export interface GateCost {
  what: string
  gates: number
  perSecond: number
  /** Of the host, for one gate at which nobody asks for the card. */
  microseconds: number
  /** All gates of the job, as a part of the time that it had the card. */
  share: number
}

const LIMIT_MS = 5 * 60_000
const entry = z.object({ event: z.enum(['begin', 'gate', 'end']), id: z.string() })
const cost = z.object({ microseconds: z.number() })

/** How many gates these jobs have passed, and what that costs. */
export async function measureGateCost(
  place: Place,
  gateLog: string,
  jobs: readonly { what: string; render: DrivenRender }[],
): Promise<GateCost[]> {
  const passed = new Map<string, number>()
  for await (const line of createInterface({ input: createReadStream(gateLog) })) {
    const { event, id } = entry.parse(JSON.parse(line))
    if (event === 'gate') passed.set(id, (passed.get(id) ?? 0) + 1)
  }
  const { command, args, env } = place.script('gate_cost.py', ['--device', place.device])
  const { stdout } = await execa(command, args, {
    env,
    extendEnv: false,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const { microseconds } = cost.parse(JSON.parse(stdout))
  return jobs.map(({ what, render: { id, heldMs } }) => {
    const gates = passed.get(id) ?? 0
    const perSecond = gates / (heldMs / 1000)
    return { what, gates, perSecond, microseconds, share: (perSecond * microseconds) / 1e6 }
  })
}
