import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ActionLine, FaultLine, ReceiptLine, SubmissionLine } from '../audit/evidence.ts'

/** Writes the evidence folder, each line when it is known, so that a run that is cut off leaves what it has. */
export interface Records {
  directory: string
  submission(submission: SubmissionLine): void
  action(action: Omit<ActionLine, 'at'>): void
  fault(fault: FaultLine): void
  receipt(receipt: ReceiptLine): void
  file(name: string, value: unknown): Promise<void>
  /** Resolves when all is written. */
  flush(): Promise<void>
}

export async function openRecords(directory: string): Promise<Records> {
  await mkdir(directory, { recursive: true })
  let writing = Promise.resolve()
  const append = (name: string, value: unknown) => {
    writing = writing.then(() => appendFile(join(directory, name), `${JSON.stringify(value)}\n`))
  }
  const file = (name: string, value: unknown) =>
    writeFile(join(directory, name), `${JSON.stringify(value, null, 2)}\n`)
  return {
    directory,
    submission: submission => append('submissions.jsonl', submission),
    action: action => append('actions.jsonl', { at: new Date().toISOString(), ...action }),
    fault: fault => append('faults.jsonl', fault),
    receipt: receipt => append('receipts.jsonl', receipt),
    file,
    flush: () => writing,
  }
}
