/** Why a payload is no job, on its way to planJob, which gives it back as a value. `given` never holds a prompt. */
export class InvalidField extends Error {
  override readonly name = 'InvalidField'
  readonly field: string
  readonly given: string
  readonly allowed: string

  constructor(field: string, given: string, allowed: string) {
    super(`${field}: given ${given}, allowed: ${allowed}`)
    this.field = field
    this.given = given
    this.allowed = allowed
  }
}
