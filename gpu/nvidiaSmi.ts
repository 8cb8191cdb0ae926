import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { z } from 'zod'
import { inheriting } from '../jobs/inheriting.ts'
import { CardError } from './cardError.ts'

export interface SeenCard {
  uuid: string
  name: string
  /** null where the driver does not tell, as inside a container that was given a slice of a card. */
  totalMiB: number | null
  usedMiB: number | null
  driverVersion: string
  /** Cut into slices (MIG): a program that is pinned to it sees its first slice only. */
  sliced: boolean
}

/** The first call after boot waits for the driver, several seconds a card where persistence mode is off. */
const ANSWER_MS = 30_000
/** nvidia-smi(1): it has answered, and warns of a card whose infoROM is corrupted. */
const ANSWERED_WITH_WARNING = 14
/** The kernel still has the old driver's module. */
const UPGRADED = /driver\/library version mismatch/i

/** The name comes last, so that a comma in one would do no harm. */
const CARD_FIELDS = 'uuid,memory.total,memory.used,driver_version,mig.mode.current,name'
/** `[N/A]`, `[Insufficient Permissions]`, `[Unknown Error]`: what is not to be had stands in brackets. */
const mib = z.union([
  z.string().regex(/^\d+$/).transform(Number),
  z
    .string()
    .regex(/^\[.*\]$/)
    .transform(() => null),
])
const cardRow = z.tuple([z.string().startsWith('GPU-'), mib, mib, z.string(), z.string(), z.string()])

/** The cards that the driver knows, in its order. Throws a {@link CardError} when they cannot be listed. */
export async function listCards(program: string, answerMs = ANSWER_MS): Promise<SeenCard[]> {
  const query = [`--query-gpu=${CARD_FIELDS}`, '--format=csv,noheader,nounits']
  const stdout = await ask(program, query, answerMs)
  return stdout.split('\n').flatMap(line => {
    const cells = line.split(',').map(cell => cell.trim())
    const row = cardRow.safeParse([...cells.slice(0, 5), cells.slice(5).join(', ')])
    // Warnings stand between the rows.
    if (!row.success) return []
    const [uuid, totalMiB, usedMiB, driverVersion, mig, name] = row.data
    return [{ uuid, name, totalMiB, usedMiB, driverVersion, sliced: mig === 'Enabled' }]
  })
}

/** Processes that compute on a card. In a container the list may be empty, or hold numbers of the host's. */
export async function listComputePids(program: string, uuid: string): Promise<number[]> {
  const query = ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits', '-i', uuid]
  const stdout = await ask(program, query)
  return stdout.split('\n').flatMap(line => {
    const pid = /^\s*(\d+)\s*,/.exec(line)?.[1]
    return pid === undefined ? [] : [Number(pid)]
  })
}

/** MiB in use on a card, whoever uses them; null where the driver does not tell. Throws a {@link CardError} when it is not there. */
export async function readUsedMiB(program: string, uuid: string): Promise<number | null> {
  const cards = await listCards(program)
  const card = cards.find(card => card.uuid === uuid)
  if (card === undefined) throw new CardError(`the driver no longer lists the card ${uuid}`)
  return card.usedMiB
}

async function ask(program: string, args: readonly string[], answerMs = ANSWER_MS): Promise<string> {
  const child = execa(program, args, { ...inheriting({ LC_ALL: 'C' }), stdin: 'ignore', reject: false })
  const timer = new AbortController()
  // Not execa's own limit: a process that hangs in the driver survives even SIGKILL, and must not hang us too.
  const result = await Promise.race([child, sleep(answerMs, null, { signal: timer.signal })])
  if (result === null) {
    child.kill('SIGKILL')
    throw new CardError(`${program} has not answered within ${answerMs / 1000} s; the driver may hang`)
  }
  timer.abort()
  if (result.code === 'ENOENT' || result.code === 'EACCES') {
    throw new CardError(
      `${program} cannot be run (${result.code}): install the NVIDIA driver, or set NVIDIA_SMI to its path`,
    )
  }
  if (result.exitCode !== 0 && result.exitCode !== ANSWERED_WITH_WARNING) {
    // It complains on stdout.
    const said = [result.stdout, result.stderr].join('\n').trim().split('\n')[0] ?? ''
    const advice = UPGRADED.test(said)
      ? '; the driver was upgraded under the running system: restart the machine'
      : ''
    throw new CardError(
      `${program} failed (${result.signal ?? `exit code ${result.exitCode}`}): ${said || 'it said nothing'}${advice}`,
    )
  }
  return result.stdout
}
