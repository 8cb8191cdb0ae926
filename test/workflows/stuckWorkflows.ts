/** Workflow code with a bug: its tasks fail again and again, and Temporal keeps trying. */
export async function generateMediaWorkflow(): Promise<never> {
  throw new Error('a bug in the workflow')
}
