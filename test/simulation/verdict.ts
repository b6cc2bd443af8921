/** What was found wrong. */
export interface Failure {
  /** What should have been true. */
  invariant: string
  message: string
}

/** The invariant that is not about the cluster. */
export const runsToItsEnd = 'the simulation runs to its end'

/** What is found wrong first counts. */
export class Verdict {
  #failure: Failure | undefined

  get failure(): Failure | undefined {
    return this.#failure
  }

  fail(invariant: string, message: string): void {
    this.#failure ??= { invariant, message }
  }

  /** Until disposed, an error that nobody takes care of is one. */
  onUnhandledRejection(): Disposable {
    const listener = (error: unknown) => this.fail('no error goes unnoticed', (error as Error | undefined)?.stack ?? String(error))
    process.on('unhandledRejection', listener)
    return { [Symbol.dispose]: () => process.off('unhandledRejection', listener) }
  }
}
