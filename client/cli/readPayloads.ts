import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { UsageError } from './explain.ts'

export interface GivenPayload {
  /** Where it came from, for messages. */
  from: string
  payload: unknown
}

/** Reads payload files; `-` is standard input. A file holds one payload or an array of them. Throws {@link UsageError}. */
export async function readPayloads(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream,
): Promise<GivenPayload[]> {
  const given: GivenPayload[] = []
  for (const path of paths) {
    const from = path === '-' ? 'standard input' : path
    const content = parse(await read(path, stdin), from)
    const payloads: unknown[] = Array.isArray(content) ? content : [content]
    payloads.forEach((payload, index) => {
      given.push({ from: payloads.length > 1 ? `${from}[${index}]` : from, payload })
    })
  }
  return given
}

async function read(path: string, stdin: NodeJS.ReadableStream): Promise<string> {
  if (path === '-') return text(stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a directory'
          : String(code ?? error)
    throw new UsageError(`Cannot read ${path}: ${why}.`)
  }
}

function parse(content: string, from: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new UsageError(`${from} holds no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/**
 * The payload with `metadata.simulate` set, which counts outside production: a failure code is thrown whatever the engine
 * is, other names are acted out by the preview engine.
 */
export function withSimulation(payload: unknown, simulate: string | undefined): unknown {
  if (simulate === undefined || typeof payload !== 'object' || payload === null) return payload
  const metadata = 'metadata' in payload && typeof payload.metadata === 'object' ? payload.metadata : {}
  return { ...payload, metadata: { ...metadata, simulate } }
}
