/** The engine's Python environment cannot be had. The message says what is wrong and what to do. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}
