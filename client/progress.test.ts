import { ApplicationFailure, defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common'
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/index.js'
import { msNumberToTs } from '@temporalio/common/lib/time.js'
import proto from '@temporalio/proto'
import { describe, expect, it } from 'vitest'
import { type PendingActivity, progressOf } from './progress.ts'

const { PENDING_ACTIVITY_STATE_SCHEDULED: scheduled, PENDING_ACTIVITY_STATE_STARTED: started } =
  proto.temporal.api.enums.v1.PendingActivityState
const converter = loadDataConverter()

const pending = (name: string, more: PendingActivity = {}): PendingActivity => ({
  activityType: { name },
  state: started,
  attempt: 1,
  ...more,
})
const beat = (details: unknown): PendingActivity => ({
  heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(details)] },
})

describe('progressOf', () => {
  it('tells the phase by the work, not by the callback beside it', async () => {
    const phases = ['fetchReferences', 'preprocessFrames', 'generate', 'uploadAssets'].map(async name => {
      const { phase } = await progressOf([pending('sendCallback'), pending(name)], 'between steps', converter)
      return phase
    })
    expect(await Promise.all(phases)).toEqual([
      'fetching references',
      'preparing references',
      'waiting for the card',
      'uploading',
    ])
    expect(await progressOf([pending('sendCallback')], 'between steps', converter)).toMatchObject({
      phase: 'finishing',
    })
    expect(await progressOf([], 'between steps', converter)).toMatchObject({ phase: 'between steps' })
  })

  it('takes step and phase from the heartbeat of the running attempt only', async () => {
    const rendering = beat({ phase: 'rendering', step: 3, total: 25, held: true })
    const running = await progressOf(
      [pending('generate', { ...rendering, attempt: 2 })],
      'between steps',
      converter,
    )
    expect(running).toMatchObject({ phase: 'rendering', step: 3, total: 25, attempt: 2 })
    const waiting = await progressOf(
      [pending('generate', { ...rendering, state: scheduled })],
      'between steps',
      converter,
    )
    expect(waiting).toMatchObject({ phase: 'waiting for the card', step: 0, total: 0 })
    const odd = await progressOf([pending('generate', beat('what?'))], 'between steps', converter)
    expect(odd).toMatchObject({ phase: 'waiting for the card' })
  })

  it('says why an attempt is awaited, by the code and never by its message', async () => {
    const failure = ApplicationFailure.create({ type: 'gpu_error', message: 'secret of the driver' })
    const lastFailure = defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter)
    const next = { lastFailure, nextAttemptScheduleTime: msNumberToTs(0) }
    const waiting = await progressOf(
      [pending('generate', { ...next, state: scheduled })],
      'between steps',
      converter,
    )
    expect(waiting.waitingReason).toBe(
      'last attempt: gpu_error: The GPU reported an error.; next try at 1970-01-01T00:00:00.000Z',
    )
    const paused = await progressOf(
      [pending('generate', { paused: true, state: scheduled })],
      'between steps',
      converter,
    )
    expect(paused.waitingReason).toBe('paused by an operator')
  })
})
