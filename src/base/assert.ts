/** A broken promise of our own code: never the answer to user input. It ends the process, which then starts again from what is durable. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/**
 * Throws AssertionError when a truth about our own state does not hold. Stays on in production.
 * @param sentence a constant; put values into `detail`, which is read only on failure
 */
export function assert(condition: unknown, sentence: string, detail?: () => unknown): asserts condition {
  if (!condition) throw new AssertionError(detail === undefined ? sentence : `${sentence}: ${JSON.stringify(detail())}`)
}
