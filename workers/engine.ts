import { join } from 'node:path'
import { ownCommand } from '../engines/ownCommand.ts'
import { previewCommand } from '../engines/preview/command.ts'
import type { ProgramCommand } from '../engines/programProcess.ts'
import { isAdapterInstalled } from '../engines/python/adapterInstalled.ts'
import { diffusersCommand } from '../engines/python/command.ts'
import { keepKernels } from '../engines/python/compiledKernels.ts'
import { ensureEnvironment } from '../engines/python/environment.ts'
import { chooseList, listFile } from '../engines/python/requirementLists.ts'
import { waitUntilMemoryIsGone } from '../gpu/memoryGone.ts'
import type { Installed } from '../gpu/memoryNeeds.ts'
import { budgetOf } from '../gpu/models.ts'
import { type OwnedCard, ownCard } from '../gpu/ownCard.ts'
import type { Config } from '../runtime/config.ts'
import type { Logger } from '../runtime/log.ts'
import { isWanByCommand } from './prewarm.ts'

/** What computes on this machine: the program to start, the card that it is pinned to, and what it may use of it. */
export interface Engine {
  program: ProgramCommand
  /** null where the engine needs no card. */
  card: { name: string; uuid: string; totalMiB: number } | null
  /** null: memory is not looked after. */
  budgetMiB: number | null
  installed: Installed
  /** Resolves when a dead program's memory is free again. */
  afterDeath: (pid: number | null) => Promise<void>
}

export interface EngineDeps {
  config: Config
  ffmpeg: string
  log: Logger
  /** Ends waiting for packages. */
  signal: AbortSignal
  defer: (name: string, release: () => unknown) => void
  /** After a death of the program, when the card could not be seen for half a minute. */
  onCardGone: (why: string) => void
  memoryGoneMs?: number
}

/** A driver that takes longer than this to give memory back will be told by the next program's own failure. */
const MEMORY_GONE_MS = 30_000

/**
 * Finds and locks the card, and makes the Python environment of its driver, which takes minutes the first time. Throws
 * `CardError` or `EnvironmentError`, whose messages say what to do.
 */
export async function openEngine(deps: EngineDeps): Promise<Engine> {
  const { config, ffmpeg, log, defer } = deps
  const { engine } = config
  if (engine.kind === 'preview') {
    const { memoryMiB } = config.card
    return {
      program: previewCommand({ speed: engine.previewSpeed, ffmpeg, log: engine.previewLog }),
      card: null,
      budgetMiB: memoryMiB === null ? null : budgetOf(memoryMiB),
      installed: { ipAdapter: true, wanByCommand: false },
      afterDeath: async () => {},
    }
  }
  const card =
    engine.device === 'cpu'
      ? null
      : await ownCard(config.card, { directory: config.dataDir, limitMiB: config.card.memoryLimitMiB })
  if (card !== null) {
    defer('card lock', () => card.lock.release())
    log.info({ uuid: card.uuid, name: card.name, driver: card.driverVersion }, 'card')
    if (card.lock.fileError !== null) log.warn({ err: card.lock.fileError }, 'no lock file for the card')
  }
  return {
    program: await programOf(deps, card),
    card: card === null ? null : { name: card.name, uuid: card.uuid, totalMiB: card.totalMiB },
    budgetMiB: budgetOfCard(config, card),
    installed: {
      ipAdapter: await isAdapterInstalled(engine.modelsDir),
      wanByCommand: isWanByCommand(config),
    },
    afterDeath: pid => (card === null ? Promise.resolve() : memoryGone(card, pid, deps)),
  }
}

async function programOf(deps: EngineDeps, card: OwnedCard | null): Promise<ProgramCommand> {
  const { engine } = deps.config
  if (engine.command === null || engine.kind !== 'own') return await diffusersProgram(deps, card)
  return ownCommand({
    words: engine.command,
    cardUuid: card?.uuid ?? null,
    path: engine.path,
    home: engine.home,
    libraryPath: engine.libraryPath,
  })
}

/** A program of one's own may pretend memory where it computes on no card, as the preview does. */
function budgetOfCard({ engine, card: choice }: Config, card: OwnedCard | null): number | null {
  const { memoryMiB, memoryLimitMiB } = choice
  if (card !== null) return budgetOf(card.totalMiB, card.usedMiB, memoryLimitMiB)
  return engine.kind === 'own' && memoryMiB !== null ? budgetOf(memoryMiB) : null
}

async function diffusersProgram(
  { config, ffmpeg, log, signal, defer }: EngineDeps,
  card: OwnedCard | null,
): Promise<ProgramCommand> {
  const { engine } = config
  const cardUuid = card?.uuid ?? null
  const python = await ensureEnvironment({
    python: engine.python,
    cacheDir: config.cacheDir,
    list: listFile(chooseList(card?.driverVersion ?? null)),
    tell: line => log.info(line),
    signal,
  })
  const cacheDir = join(config.cacheDir, 'engine-kept')
  if (cardUuid !== null) {
    const kernels = await keepKernels(cacheDir, cardUuid)
    defer('compiled kernels', kernels.close)
    if (kernels.removed) log.warn('the machine went down in mid-work: models are compiled anew')
  }
  return diffusersCommand({ ...engine, python, ffmpeg, cacheDir, cardUuid })
}

/** Also tells of a card that is gone, which a driver may be that was upgraded, or a container that has lost its devices. */
async function memoryGone(card: OwnedCard, pid: number | null, deps: EngineDeps): Promise<void> {
  const { config, log, onCardGone, memoryGoneMs = MEMORY_GONE_MS } = deps
  const kept = await waitUntilMemoryIsGone({
    pid,
    uuid: card.uuid,
    nvidiaSmi: config.card.nvidiaSmi,
    usedBeforeMiB: card.usedMiB,
    limitMs: memoryGoneMs,
  })
  if (kept === null) return
  log.warn({ pid }, kept.why)
  if (!kept.cardSeen) onCardGone(kept.why)
}
