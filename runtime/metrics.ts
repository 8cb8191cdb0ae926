import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Every metric of our own. Labels take few values (types, statuses, codes, lanes), never ids. */
export type Metrics = ReturnType<typeof createMetrics>

/** The metrics of one process, with those of Node itself, on a registry of their own. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    callbackDeliveries: new Counter({
      name: 'ourvidz_callback_deliveries_total',
      help: 'Attempts to deliver a callback, by the status they carry and how they ended.',
      labelNames: ['status', 'delivery'],
      registers,
    }),
    renders: new Counter({
      name: 'ourvidz_renders_total',
      help: 'Attempts to render, by how they ended: completed, or a failure code.',
      labelNames: ['type', 'result'],
      registers,
    }),
    cardSeconds: new Histogram({
      name: 'ourvidz_card_seconds',
      help: 'Seconds that a finished render held the card.',
      labelNames: ['type'],
      buckets: [1, 2, 4, 8, 15, 25, 40, 60, 90, 135, 180, 240, 360, 600, 1200],
      registers,
    }),
    cardWaitSeconds: new Histogram({
      name: 'ourvidz_card_wait_seconds',
      help: 'Seconds that a finished render waited for its turns on the card, once its worker had it.',
      labelNames: ['type'],
      buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800],
      registers,
    }),
    uploadedBytes: new Counter({
      name: 'ourvidz_uploaded_bytes_total',
      help: 'Bytes of assets put into the store.',
      registers,
    }),
    collectedFiles: new Counter({
      name: 'ourvidz_collected_files_total',
      help: 'Files removed from this disk because of their age or the limit of their folder.',
      labelNames: ['place'],
      registers,
    }),
    keptBytes: new Gauge({
      name: 'ourvidz_kept_bytes',
      help: 'Bytes in a folder of this host after its last sweep.',
      labelNames: ['place'],
      registers,
    }),
  }
}
