/** An unbounded queue between a synchronous producer and one asynchronous consumer. Whoever pushes bounds it (see `size`). */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #items: T[] = []
  #wake: (() => void) | undefined
  #end: { error: unknown } | undefined

  get size(): number {
    return this.#items.length
  }

  get ended(): boolean {
    return this.#end !== undefined
  }

  /** Adds an item; ignored after `close`. */
  push(item: T): void {
    if (this.#end !== undefined) return
    this.#items.push(item)
    this.#wake?.()
  }

  /** Ends the iteration after the queued items; with an error, by throwing it. The first call counts. */
  close(error?: unknown): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const batch of this.batches()) yield* batch
  }

  /** All that came since the last time at once: a consumer that is slower than its producer catches up. Never empty. */
  async *batches(): AsyncGenerator<readonly T[], void, undefined> {
    try {
      for (;;) {
        if (this.#items.length > 0) {
          const batch = this.#items
          this.#items = []
          yield batch
          continue
        }
        if (this.#end !== undefined) {
          if (this.#end.error !== undefined) throw this.#end.error
          return
        }
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        this.#wake = undefined
      }
    } finally {
      this.close()
      this.#items = []
    }
  }
}
