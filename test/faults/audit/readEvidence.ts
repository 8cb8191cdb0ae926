import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import {
  actionSchema,
  type EngineLine,
  engineSchema,
  faultSchema,
  hostStatusesSchema,
  leftProcessSchema,
  placedSchema,
  receiptSchema,
  receivedSchema,
  runSchema,
  storedSchema,
  submissionSchema,
} from './evidence.ts'
import type { WorkflowRecord } from './workflow.ts'

/** Reads the evidence folder. Throws when a file breaks its schema, or when one that every run has is not there. */
export async function readEvidence(directory: string) {
  const lines = <T>(name: string, schema: z.ZodType<T>) => readLines(join(directory, name), schema)
  const json = async <T>(name: string, schema: z.ZodType<T>) =>
    schema.parse(JSON.parse(await readFile(join(directory, name), 'utf8')))
  const run = await json('run.json', runSchema)
  return {
    directory,
    run,
    submissions: await lines('submissions.jsonl', submissionSchema),
    actions: await orNone(lines('actions.jsonl', actionSchema)),
    faults: await orNone(lines('faults.jsonl', faultSchema)),
    received: await lines('receiver.jsonl', receivedSchema),
    engines: await engineLogs(directory),
    receipts: await lines('receipts.jsonl', receiptSchema),
    stored: await json('store.json', z.array(storedSchema)),
    placed: await json('placed.json', placedSchema),
    hosts: await json('host-status.json', hostStatusesSchema),
    processes: await json('processes.json', z.array(leftProcessSchema)),
  }
}

export type Evidence = Awaited<ReturnType<typeof readEvidence>> & { workflows: WorkflowRecord[] }

/** A run may be without an action or a fault, and a host may be lost before its engine has begun. */
async function orNone<T>(reading: Promise<T[]>): Promise<T[]> {
  return reading.catch(error => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
}

async function engineLogs(directory: string): Promise<Map<string, EngineLine[]>> {
  const logs = new Map<string, EngineLine[]>()
  for (const name of await readdir(directory)) {
    const host = /^engine-(.+)\.jsonl$/.exec(name)?.[1]
    if (host !== undefined) logs.set(host, await readLines(join(directory, name), engineSchema))
  }
  return logs
}

async function readLines<T>(file: string, schema: z.ZodType<T>): Promise<T[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  // What follows the last line feed is nothing, or a line that was cut off. A killed engine may leave one in the middle too.
  return lines.slice(0, -1).flatMap((line, index) => {
    const value = parsed(line)
    if (value === undefined) return []
    const result = schema.safeParse(value)
    if (result.success) return [result.data]
    throw new Error(`${file}:${index + 1}: ${z.prettifyError(result.error)}`)
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
