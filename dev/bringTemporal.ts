/** Brings the Temporal program before the tests, as building it can take longer than any test may wait. */
import { findTemporalBinary } from './temporalBinary.ts'

console.log(`Temporal: ${await findTemporalBinary({ tell: line => console.log(line) })}`)
