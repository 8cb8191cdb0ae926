import { expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../../dev/freePort.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'

test('two GPU workers with one HOST_ID are not ready, as soon as Temporal has seen both poll anew; one that is left is', async () => {
  async function start() {
    const [directory, port] = [await temporaryDirectory(), await freePort()]
    const worker = await startStackWorker({
      kind: 'gpu',
      healthPort: port,
      logFile: `${directory}/gpu.log`,
      env: {
        END_WITH_STDIN: 'true',
        DATA_DIR: directory,
        HOST_ID: 'gpu-1',
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TASK_QUEUE_PREFIX: 'shared-host',
        GPU_HEALTH_PORT: String(port),
      },
    })
    onTestFinished(() => worker.stop(5000))
    return {
      kill: () => process.kill(worker.pid, 'SIGKILL'),
      pid: worker.pid,
      ready: async () => await (await fetch(`http://127.0.0.1:${port}/readyz`)).json(),
    }
  }
  const gone = await start()
  gone.kill()
  const [one, other] = [await start(), await start()]
  const shared = (pid: number) => ({
    ready: false,
    checks: {
      host: { ok: false, error: expect.stringMatching(new RegExp(`HOST_ID=gpu-1 too \\(${pid}@[^,]+\\)`)) },
    },
  })
  const patience = { timeout: 240_000, interval: 2_000 }
  await expect.poll(one.ready, patience).toMatchObject(shared(other.pid))
  await expect.poll(other.ready, patience).toMatchObject(shared(one.pid))
  other.kill()
  await expect.poll(one.ready, patience).toMatchObject({ ready: true })
}, 480_000)
