import { createServer } from 'node:http'
import { onTestFinished } from 'vitest'

/** A receiver that answers 410 to everything, once `mayAnswer` resolves, until the test ends. */
export async function startGoneReceiver(
  mayAnswer = async () => {},
): Promise<{ url: string; asked(): number }> {
  let asked = 0
  const server = createServer(async (request, response) => {
    asked += 1
    request.resume()
    await mayAnswer()
    response.writeHead(410, { 'content-type': 'application/json' }).end('{"success":false}')
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { url: `http://127.0.0.1:${port}/`, asked: () => asked }
}
