import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Every metric of our own. Labels take few values (types, statuses, codes, lanes), never ids. */
export type Metrics = ReturnType<typeof createMetrics>

/** The metrics of one process, with those of Node itself, on a registry of their own. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  let refresh = () => {}
  return {
    registry,
    /** Called at each scrape, for figures that are read rather than told. */
    onScrape(act: () => void) {
      refresh = act
    },
    ready: new Gauge({
      name: 'ourvidz_ready',
      help: 'Whether a check of /readyz passes: 1 or 0.',
      labelNames: ['check'],
      registers,
    }),
    lastSweep: new Gauge({
      name: 'ourvidz_last_sweep_timestamp_seconds',
      help: 'When this worker last got through a sweep of the reconciler, in seconds since 1970.',
      registers,
    }),
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
    cardBusySeconds: new Counter({
      name: 'ourvidz_card_busy_seconds_total',
      help: 'Seconds that some lane held the card.',
      // The first of the figures that are read: the others come after it.
      collect: () => refresh(),
      registers,
    }),
    cardIdleGapSeconds: new Counter({
      name: 'ourvidz_card_idle_gap_seconds_total',
      help: 'Seconds that nobody held the card though a job waited for it: loading models, or changing lanes.',
      registers,
    }),
    turnWaitSeconds: new Histogram({
      name: 'ourvidz_turn_wait_seconds',
      help: 'Seconds that a lane waited for one turn on the card.',
      labelNames: ['lane'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 180],
      registers,
    }),
    turnSeconds: new Counter({
      name: 'ourvidz_turn_seconds_total',
      help: 'Seconds that a lane held the card, over all of its turns.',
      labelNames: ['lane'],
      registers,
    }),
    cutInSeconds: new Histogram({
      name: 'ourvidz_cut_in_seconds',
      help: 'Seconds from asking a lane to yield until another had the card, by the lane that got it.',
      labelNames: ['lane'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60],
      registers,
    }),
    laneMode: new Gauge({
      name: 'ourvidz_lane_mode',
      help: 'Whether a lane is in a mode, as an operator has decided: 1 or 0.',
      labelNames: ['lane', 'mode'],
      registers,
    }),
    modelMoves: new Counter({
      name: 'ourvidz_model_moves_total',
      help: 'Models that were loaded onto the card or evicted from it.',
      labelNames: ['model', 'move'],
      registers,
    }),
    cardReservedMiB: new Gauge({
      name: 'ourvidz_card_reserved_mib',
      help: 'Memory of the card that the inference program last said to have reserved.',
      registers,
    }),
    cardBudgetMiB: new Gauge({
      name: 'ourvidz_card_budget_mib',
      help: 'Memory of the card that models and jobs may use.',
      registers,
    }),
    renderPeakMiB: new Histogram({
      name: 'ourvidz_render_peak_mib',
      help: 'The most memory that was reserved while a job was rendered.',
      labelNames: ['type'],
      buckets: [4_000, 8_000, 12_000, 16_000, 20_000, 24_000, 32_000, 40_000, 48_000, 80_000],
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
