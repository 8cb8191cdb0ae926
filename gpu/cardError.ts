/** Why this machine's card cannot be used. The message is whole: what was found, and which variable to set. */
export class CardError extends Error {
  override readonly name = 'CardError'
}
