import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { type ReceivedCallback, readCallback } from './callbackAnswer.ts'

const deliverySchema = z.object({
  /** In the order of arrival, from 1. */
  number: z.number(),
  receivedAt: z.string(),
  /** null when the body names no job. */
  jobId: z.string().nullable(),
  status: z.string().nullable(),
  webhookId: z.string().nullable(),
  sequence: z.number().nullable(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  behaviour: z.string(),
  /** Whether its content was taken over. */
  processed: z.boolean(),
  /** HTTP status of the answer; null when there was none. */
  answered: z.number().nullable(),
})

/** One request that came to the receiver, and what became of it. */
export type Delivery = z.infer<typeof deliverySchema>

/** What the receiver holds of a job: the last thing that it took over, as the app does. */
export interface ReceivedJob {
  jobId: string
  last: ReceivedCallback
  updatedAt: string
  deliveries: Delivery[]
}

export interface DeliveryLog {
  deliveries: readonly Delivery[]
  /** Pairs of deliveries of one job that were worked on at the same time. */
  overlaps: readonly { jobId: string; first: number; second: number }[]
  begin(arrived: Omit<Delivery, 'number' | 'receivedAt' | 'processed' | 'answered'>): Delivery
  process(delivery: Delivery, callback: ReceivedCallback): void
  /** Its work is over: it is written to the file. */
  end(delivery: Delivery): void
  jobs(): ReceivedJob[]
  job(jobId: string): ReceivedJob | null
  flush(): Promise<void>
}

/** Enough for a look back; the file has them all. */
const MOST_IN_MEMORY = 5000

/** Keeps deliveries in memory and, if a file is named, there as JSON lines, which are read again at the next start. */
export async function openDeliveryLog(file: string | null): Promise<DeliveryLog> {
  const deliveries = file === null ? [] : await readLog(file)
  const jobs = new Map<string, ReceivedJob>()
  const working = new Map<string, Set<number>>()
  const overlaps: { jobId: string; first: number; second: number }[] = []
  let writing = Promise.resolve()

  function remember(delivery: Delivery, callback: ReceivedCallback): void {
    const before = jobs.get(callback.job_id)?.deliveries ?? []
    jobs.delete(callback.job_id) // so that the latest comes last
    jobs.set(callback.job_id, {
      jobId: callback.job_id,
      last: callback,
      updatedAt: delivery.receivedAt,
      deliveries: [...before, delivery],
    })
  }
  for (const delivery of deliveries.filter(({ processed }) => processed)) {
    const read = readCallback(delivery.body)
    if (read.ok) remember(delivery, read.callback)
  }

  return {
    deliveries,
    overlaps,
    begin(arrived) {
      const delivery: Delivery = {
        ...arrived,
        number: (deliveries.at(-1)?.number ?? 0) + 1,
        receivedAt: new Date().toISOString(),
        processed: false,
        answered: null,
      }
      deliveries.push(delivery)
      if (deliveries.length > MOST_IN_MEMORY) deliveries.shift()
      if (delivery.jobId !== null) {
        const others = working.get(delivery.jobId) ?? new Set()
        for (const first of others) overlaps.push({ jobId: delivery.jobId, first, second: delivery.number })
        working.set(delivery.jobId, others.add(delivery.number))
      }
      return delivery
    },
    process(delivery, callback) {
      delivery.processed = true
      remember(delivery, callback)
    },
    end(delivery) {
      if (delivery.jobId !== null) {
        const others = working.get(delivery.jobId)
        others?.delete(delivery.number)
        if (others?.size === 0) working.delete(delivery.jobId)
      }
      if (file !== null) writing = writing.then(() => append(file, delivery))
    },
    jobs: () => [...jobs.values()].reverse(),
    job: jobId => jobs.get(jobId) ?? null,
    flush: () => writing,
  }
}

async function readLog(file: string): Promise<Delivery[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.split('\n').slice(-MOST_IN_MEMORY)
  return lines.flatMap(line => {
    try {
      return [deliverySchema.parse(JSON.parse(line))]
    } catch {
      return [] // a line that was cut by a crash
    }
  })
}

async function append(file: string, delivery: Delivery): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await appendFile(file, `${JSON.stringify(delivery)}\n`)
  } catch (error) {
    console.error(`A callback could not be kept in ${file}: ${error}`)
  }
}
