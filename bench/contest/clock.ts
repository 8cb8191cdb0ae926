/** The bench's clock in ms: the machine's monotonic one, the same in every process. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
