import { EventEmitter, once } from 'node:events'
import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker'
import type { LaneModes } from '../gpu/laneModes.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import type { LaneGate } from './laneGate.ts'

/**
 * Lets the Worker of a lane ask Temporal for a job only while the lane is open and its gate too; `count` jobs at once. A request
 * that is under way when the lane closes may still bring one job each; those wait in the program's line.
 */
export function laneSlots(options: {
  lane: Lane
  lanes: Pick<LaneModes, 'get' | 'opened'>
  gate: LaneGate
  count: number
}): CustomSlotSupplier<ActivitySlotInfo> {
  const { lane, lanes, gate, count } = options
  const slots = new EventEmitter()
  let free = count

  function take(): object | null {
    if (free === 0 || lanes.get(lane) !== 'open') return null
    free -= 1
    return {}
  }

  return {
    type: 'custom',
    async reserveSlot(_context, signal) {
      for (;;) {
        signal.throwIfAborted()
        await gate(lane, signal)
        const permit = take()
        if (permit) return permit
        await lanes.opened(lane, signal)
        // The reason itself must be thrown: Temporal logs anything else as a failure.
        if (free === 0) await once(slots, 'freed', { signal }).catch(() => signal.throwIfAborted())
      }
    },
    // For eager activities, which cannot await the gate: refused, so that the core polls for them by `reserveSlot`.
    tryReserveSlot: () => null,
    markSlotUsed() {},
    releaseSlot() {
      free += 1
      slots.emit('freed')
    },
  }
}
