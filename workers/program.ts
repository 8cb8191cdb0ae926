import { setUpImageProcessing } from '../assets/imageProcessing.ts'
import { type Config, ConfigError, parseConfig } from '../runtime/config.ts'
import { developmentWarning } from '../runtime/developmentWarning.ts'
import { readEnvironment } from '../runtime/environment.ts'
import { type HealthOptions, startHealthServer } from '../runtime/health.ts'
import { createLogger, type Logger } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Checks } from '../runtime/readiness.ts'
import { redactedConfig } from '../runtime/redactedConfig.ts'
import { type Run, runUntilStopped } from '../runtime/shutdown.ts'
import type { ConnectOptions } from '../runtime/temporalConnection.ts'
import { installTemporalRuntime } from '../runtime/temporalRuntime.ts'

/** A worker that starts before Temporal does waits this long for it; a supervisor starts it again after that. */
const WAIT_FOR_TEMPORAL_MS = 120_000
/** Beyond the grace for running activities: time to close connections and the inference program. */
const SHUTDOWN_MARGIN_MS = 15_000

export interface WorkerProgram {
  config: Config
  log: Logger
  connectOptions: ConnectOptions
  serveHealth(
    port: number,
    metrics: Metrics,
    checks: Checks,
    pages?: NonNullable<HealthOptions['pages']>,
  ): Promise<void>
}

/** What every worker process has around its own wiring: configuration, log, Temporal's runtime, health server, shutdown. */
export async function runWorkerProgram(
  name: string,
  main: (program: WorkerProgram, run: Run) => Promise<void>,
): Promise<void> {
  const config = readConfig()
  setUpImageProcessing()
  const log = createLogger(config, name)
  log.info({ config: redactedConfig(config) }, 'starting')
  const warning = developmentWarning(config)
  if (warning !== null) log.warn(warning)
  const { metricsUrl } = await installTemporalRuntime({ log })
  const limitMs = config.shutdownGraceMs + SHUTDOWN_MARGIN_MS
  await runUntilStopped({ log, limitMs, endWithStdin: config.endWithStdin }, run => {
    const connectOptions = {
      waitMs: WAIT_FOR_TEMPORAL_MS,
      signal: run.signal,
      onRetry: (error: unknown) => log.warn({ err: error }, 'Temporal is not there yet'),
    }
    const serveHealth: WorkerProgram['serveHealth'] = async (port, metrics, checks, pages = {}) => {
      const server = await startHealthServer({
        host: config.health.host,
        port,
        log,
        checks,
        pages,
        metrics,
        coreMetricsUrl: metricsUrl,
        signal: run.signal,
      })
      run.defer('health server', () => server.close())
      log.info({ url: server.url }, 'health server listens')
    }
    return main({ config, log, connectOptions, serveHealth }, run)
  })
}

/** A wrong environment is told in plain lines, not as a stack. */
function readConfig(): Config {
  try {
    return parseConfig(readEnvironment(process.env, process.cwd()))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(error.message)
    process.exit(2)
  }
}
