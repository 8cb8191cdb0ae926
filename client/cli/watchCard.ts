import type { CardControl } from '../card.ts'
import { PipelineError } from '../errors.ts'
import { pause } from '../patience.ts'
import { cardText } from './cardText.ts'
import { isTerminal } from './isTerminal.ts'
import type { OutputStream, Session } from './session.ts'

/** Each look is a small workflow, so not more often. */
const INTERVAL_MS = 2000

/** Shows a card again and again until Ctrl-C: in place on a terminal, one after the other elsewhere. Lives through its restarts. */
export async function watchCard(
  session: Session,
  control: CardControl,
  { json }: { json: boolean },
): Promise<void> {
  const { interrupted } = session
  const display = await openDisplay(session.stdout, json)
  try {
    for (let seen = false; !interrupted.aborted; ) {
      try {
        const status = await control.status()
        seen = true
        display.show(json ? JSON.stringify(status) : cardText(status))
      } catch (error) {
        if (!seen || !(error instanceof PipelineError)) throw error
        if (json) session.stderr.write(`${error.message}\n`)
        else display.show(error.message)
      }
      await pause(INTERVAL_MS, interrupted).catch(() => interrupted.aborted)
    }
  } finally {
    display.stop()
  }
}

/** Loading the drawing takes a moment, which a pipe need not spend. */
async function openDisplay(stdout: OutputStream, json: boolean) {
  if (json || !isTerminal(stdout)) {
    return { show: (text: string) => void stdout.write(json ? `${text}\n` : `${text}\n\n`), stop() {} }
  }
  const { createLogUpdate } = await import('log-update')
  const draw = createLogUpdate(stdout)
  return { show: draw, stop: draw.done }
}
