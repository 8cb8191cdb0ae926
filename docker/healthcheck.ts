/** For a container's health check: succeeds when the worker on the given port is ready. */
const port = Number(process.argv[2])
const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(8_000) })
if (!response.ok) {
  console.error(await response.text())
  process.exit(1)
}
