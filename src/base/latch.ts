/** Something that happens once, and those who wait for it. Unlike a promise with its resolvers, it costs nothing when nobody does. */
export class Latch {
  #hasOpened = false
  #waiting: PromiseWithResolvers<void> | undefined

  /** Resolves when it is opened; at once from then on. */
  get opened(): Promise<void> {
    if (this.#hasOpened) return Promise.resolve()
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  /** Idempotent. */
  open(): void {
    this.#hasOpened = true
    this.#waiting?.resolve()
    this.#waiting = undefined
  }
}
