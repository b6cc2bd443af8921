/**
 * Owns background tasks: nothing started with `spawn` outlives the block that holds the group. The first failure aborts the siblings
 * and is what `wait` throws.
 * @example
 * await using group = new Group(signal)
 * group.spawn(signal => watchPods(signal))
 * await group.wait()
 */
export class Group implements AsyncDisposable {
  readonly #controller = new AbortController()
  readonly #tasks = new Set<Promise<void>>()
  readonly #parent: AbortSignal
  readonly #onParentAbort: () => void
  #failure: { error: unknown; thrown: boolean } | undefined

  constructor(parent: AbortSignal) {
    this.#parent = parent
    this.#onParentAbort = () => this.#controller.abort(parent.reason)
    if (parent.aborted) this.#onParentAbort()
    else parent.addEventListener('abort', this.#onParentAbort, { once: true })
  }

  /** Aborted when the group stops, with the first cause. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Starts a task. A rejection after the group was aborted is taken as the answer to the abort, not as a failure. */
  spawn(task: (signal: AbortSignal) => Promise<void>): void {
    const running = (async () => {
      try {
        await task(this.#controller.signal)
      } catch (error) {
        if (this.#controller.signal.aborted) return
        this.#failure ??= { error, thrown: false }
        this.#controller.abort(error)
      }
    })().finally(() => this.#tasks.delete(running))
    this.#tasks.add(running)
  }

  /** Asks every task to end. Idempotent; the first reason stays. */
  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Resolves when every task has ended; throws the first failure. */
  async wait(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
    if (this.#failure === undefined) return
    this.#failure.thrown = true
    throw this.#failure.error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new Error('group disposed'))
    this.#parent.removeEventListener('abort', this.#onParentAbort)
    // A block that `wait` has left with the failure must not end with it a second time.
    const isThrown = this.#failure?.thrown === true
    await this.wait().catch(error => {
      if (!isThrown) throw error
    })
  }
}
