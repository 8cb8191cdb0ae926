import type { PipelineClient } from '../pipelineClient.ts'
import type { Session } from './session.ts'

/** Does a thing to each job and tells what came of it, one line each; one that fails does not keep it from the others. */
export async function forEachJob(
  session: Session,
  ids: string[],
  json: boolean | undefined,
  act: (pipeline: PipelineClient, id: string) => Promise<{ done: object; text: string }>,
): Promise<void> {
  const pipeline = await session.pipeline()
  for (const id of ids) {
    try {
      const { done, text } = await act(pipeline, id)
      session.print(json ? JSON.stringify(done) : `${id} ${text}`)
    } catch (error) {
      session.fail(error, ids.length > 1 ? id : undefined)
    }
  }
}
