/** Rejects when a promise takes longer than a limit. */
export async function within<T>(what: string, limitMs: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${what} took longer than ${limitMs} ms`)), limitMs)
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer))
}
