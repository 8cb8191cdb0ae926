import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import { ownConfig } from '../../dev/environment.ts'
import { diffusersCommand } from '../../engines/python/command.ts'
import { ensureEnvironment } from '../../engines/python/environment.ts'
import { chooseList, listFile } from '../../engines/python/requirementLists.ts'
import { CardError } from '../../gpu/cardError.ts'
import { budgetOf } from '../../gpu/models.ts'
import { listCards } from '../../gpu/nvidiaSmi.ts'
import { type OwnedCard, ownCard } from '../../gpu/ownCard.ts'
import type { BenchOptions } from './options.ts'

export type Tell = (line: string) => void

/** Where it is measured: the card that is ours meanwhile, the models, and how programs are started there. */
export interface Place {
  device: 'cuda' | 'cpu'
  card: OwnedCard | null
  ffmpeg: string
  modelsDir: string
  /** Of the card, less what CARD_MEMORY_LIMIT_MIB leaves to others; null without one. */
  budgetMiB: number | null
  /** Of this run alone; removed at its end. */
  folder: string
  /** Of the program, with or without compilation. */
  program(compile: boolean): ReturnType<typeof diffusersCommand>
  /** Of a Python file of this folder, in the program's own environment. */
  script(
    name: string,
    args: readonly string[],
  ): { command: string; args: string[]; env: Record<string, string> }
  /** Whether there is what compiles models. */
  compiles(): Promise<boolean>
  close(): Promise<void>
}

const HERE = fileURLToPath(new URL('.', import.meta.url))
const CHECKPOINT = 'sdxl-lustify/lustifySDXLNSFWSFW_v20.safetensors'
/** In a folder that we filled. Random weights must never get among somebody's real ones, under the same names. */
const MARK = 'RANDOM-WEIGHTS'
const WRITE_LIMIT_MS = 30 * 60_000
const BYTES = { whole: 42e9, withoutLanguageModels: 15e9 }

export async function openPlace(options: BenchOptions, tell: Tell): Promise<Place> {
  const config = ownConfig()
  const card = options.device === 'cpu' ? null : await takeCard(options.device === 'cuda')
  const device = card === null ? 'cpu' : 'cuda'
  tell(card === null ? 'no card: tiny models on the CPU' : `${card.name}, driver ${card.driverVersion}`)
  const list = listFile(chooseList(card?.driverVersion ?? null))
  const python = await ensureEnvironment({
    python: config.engine.python,
    cacheDir: config.cacheDir,
    list,
    tell,
  })
  const ffmpeg = await findFfmpeg()
  await mkdir(config.cacheDir, { recursive: true })
  const folder = await mkdtemp(join(config.cacheDir, 'bench-'))
  const modelsDir = options.modelsDir === null ? join(folder, 'models') : resolve(options.modelsDir)

  const program = (compile: boolean) =>
    diffusersCommand({
      ...{ python, device, modelsDir, ffmpeg, compile },
      sdxlCheckpoint: join(modelsDir, CHECKPOINT),
      // Compiled kernels are kept like a worker's own.
      cacheDir: join(config.cacheDir, 'engine-kept'),
      lossy: [],
      enhanceLimitMs: 60_000,
      stallMs: 600_000,
      wanCommand: null,
      wanCommandPython: python,
      cardUuid: card?.uuid ?? null,
      path: config.engine.path,
      home: folder,
      libraryPath: config.engine.libraryPath,
    })
  const script = (name: string, args: readonly string[]) => ({
    command: python,
    args: [join(HERE, name), ...args],
    env: program(false).env,
  })

  async function compiles(): Promise<boolean> {
    const asks = 'from ourvidz_engine.libraries import can_compile; print(can_compile())'
    const { command, env } = program(false)
    const { stdout } = await execa(command, ['-c', asks], { env, extendEnv: false, stdin: 'ignore' })
    return stdout === 'True'
  }

  async function close(): Promise<void> {
    card?.lock.release()
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await writeModels()
  } catch (error) {
    await close()
    throw error
  }
  const { memoryLimitMiB } = config.card
  const budgetMiB = card === null ? null : budgetOf(card.totalMiB, card.usedMiB, memoryLimitMiB)
  return { device, card, budgetMiB, ffmpeg, modelsDir, folder, program, script, compiles, close }

  async function takeCard(wanted: boolean): Promise<OwnedCard | null> {
    const { nvidiaSmi, uuid } = config.card
    const cards = await listCards(nvidiaSmi).catch(error => {
      if (wanted) throw error
      return []
    })
    // As for a worker, two cards of which none is named are a mistake.
    const [seen, ...others] = cards.filter(each => uuid === null || each.uuid === uuid)
    if (seen === undefined) {
      if (wanted) throw new CardError('There is no such card.')
      return null
    }
    if (others.length > 0) throw new CardError('There are several cards: name one by CARD_UUID.')
    const choice = {
      profile: 'own',
      uuid: seen.uuid,
      name: seen.name,
      memoryMiB: seen.totalMiB,
      nvidiaSmi,
    } as const
    return ownCard(choice, { directory: config.dataDir, limitMiB: config.card.memoryLimitMiB })
  }

  async function writeModels(): Promise<void> {
    await mkdir(modelsDir, { recursive: true })
    const there = await readdir(modelsDir)
    if (there.length > 0 && (device === 'cpu' || !there.includes(MARK))) return
    if (device === 'cuda' && there.length === 0) await checkSpace()
    await writeFile(join(modelsDir, MARK), '')
    const full = script('full_size.py', [
      modelsDir,
      ...(options.languageModels ? [] : ['--without-language-models']),
    ])
    const tiny = { ...full, args: ['-m', 'ourvidz_engine.tiny', modelsDir] }
    const { command, args, env } = device === 'cuda' ? full : tiny
    tell('writing models…')
    await execa(command, args, {
      ...{ env, extendEnv: false, timeout: WRITE_LIMIT_MS, killSignal: 'SIGKILL' },
      ...{ stdin: 'ignore', stdout: 'ignore', stderr: device === 'cuda' ? 'inherit' : 'pipe' },
    })
  }

  async function checkSpace(): Promise<void> {
    const { bavail, bsize } = await statfs(modelsDir)
    const needed = options.languageModels ? BYTES.whole : BYTES.withoutLanguageModels
    if (bavail * bsize < needed) {
      throw new Error(
        `${modelsDir} has no room for models of ${needed / 1e9} GB: name another place by --models.`,
      )
    }
  }
}
