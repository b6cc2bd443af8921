/** Thrown into what runs when Ctrl-C is typed. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** What may interrupt the commands of one line. */
export class Interruption {
  readonly #interrupted = Promise.withResolvers<never>()

  constructor() {
    this.#interrupted.promise.catch(() => undefined)
  }

  interrupt(): void {
    this.#interrupted.reject(new Interrupted())
  }

  /** @throws Interrupted */
  race<T>(doing: Promise<T>): Promise<T> {
    return Promise.race([doing, this.#interrupted.promise])
  }
}
