import { createDirectoryStore } from './directoryStore.ts'
import type { ObjectStore } from './store.ts'
import { createSupabaseStore } from './supabaseStore.ts'

/** The `store` section of the configuration. */
export interface StoreSettings {
  kind: 'directory' | 'supabase'
  directory: string
  url: string
  signingKey: string
  supabaseUrl: string | null
  supabaseKey: string | null
  uploadTimeoutMs: number
}

/** The store that the configuration names. */
export function createStore(settings: StoreSettings): ObjectStore {
  if (settings.kind === 'directory') return createDirectoryStore(settings)
  const { supabaseUrl: url, supabaseKey: key, uploadTimeoutMs: timeoutMs } = settings
  if (url === null || key === null) throw new Error('STORE=supabase needs its URL and its service role key')
  return createSupabaseStore({ url, key, timeoutMs })
}
