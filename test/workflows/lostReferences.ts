import { existsSync, rmSync, watch } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { payloadOf } from './payloads.ts'
import type { Pipeline } from './pipeline.ts'

const BICYCLE = new URL('../../examples/pictures/bicycle.png', import.meta.url)

/** Removes the nth files that are staged, each as soon as it is there. */
export async function losing(directory: string, nths: readonly number[]): Promise<{ staged: string[] }> {
  await mkdir(directory, { recursive: true })
  const staged: string[] = []
  const watcher = watch(directory, (event, name) => {
    const path = join(directory, name ?? '')
    if (event !== 'rename' || !/^[0-9a-f]{64}$/.test(name ?? '') || !existsSync(path)) return
    staged.push(name ?? '')
    if (nths.includes(staged.length)) rmSync(path)
  })
  onTestFinished(() => watcher.close())
  return { staged }
}

/** A job with a reference that lies in the store. */
export async function withReference({ config }: Pick<Pipeline, 'config'>) {
  const payload = payloadOf()
  const path = `reference_images/${payload.user_id}/bicycle.png`
  await cp(BICYCLE, join(config.store.directory, path), { recursive: true })
  return { ...payload, config: { ...payload.config, reference_image_url: path } }
}
