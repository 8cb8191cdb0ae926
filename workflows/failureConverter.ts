import { DefaultFailureConverter } from '@temporalio/common'

/** Puts messages and stacks of failures into a payload, so that they are encrypted too; loaded by its path, also into workflows. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
