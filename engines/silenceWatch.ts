/**
 * Counts how long a program has said nothing, in ticks: a pause of our own process counts as one tick, not as its silence.
 * `onQuiet` asks for a sign of life after a third of `silenceMs`, `onSilent` is called once when none came.
 */
export function createSilenceWatch(options: {
  silenceMs: number
  onTick: (elapsedMs: number) => void
  onQuiet: () => void
  onSilent: () => void
}) {
  const { silenceMs, onTick, onQuiet, onSilent } = options
  const tickMs = Math.min(5_000, Math.max(20, silenceMs / 10))
  let last = performance.now()
  let quietMs = 0
  let asked = false

  const timer = setInterval(() => {
    const now = performance.now()
    const elapsedMs = Math.min(now - last, 2 * tickMs)
    last = now
    quietMs += elapsedMs
    if (quietMs > silenceMs) {
      clearInterval(timer)
      onSilent()
      return
    }
    if (!asked && quietMs > silenceMs / 3) {
      asked = true
      onQuiet()
    }
    onTick(elapsedMs)
  }, tickMs)

  return {
    heard() {
      quietMs = 0
      asked = false
    },
    stop: () => clearInterval(timer),
  }
}
