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
  readonly #parent: AbortSignal
  #running = 0
  /** Of those who wait for the last task. */
  #ended: PromiseWithResolvers<void> | undefined
  #failure: { error: unknown; thrown: boolean } | undefined

  constructor(parent: AbortSignal) {
    this.#parent = parent
    if (parent.aborted) this.abort(parent.reason)
    else join(parent, this)
  }

  /** Aborted when the group stops, with the first cause. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Starts a task. A rejection after the group was aborted is taken as the answer to the abort, not as a failure. */
  spawn(task: (signal: AbortSignal) => Promise<void>): void {
    this.#running++
    begin(task, this.#controller.signal).then(this.#onEnd, this.#onFailure)
  }

  /** Asks every task to end. Idempotent; the first reason stays. */
  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Resolves when every task has ended; throws the first failure. */
  wait(): Promise<void> {
    if (this.#running === 0) return this.#outcome()
    this.#ended ??= Promise.withResolvers()
    return this.#ended.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new Error('group disposed'))
    leave(this.#parent, this)
    // A block that `wait` has left with the failure must not end with it a second time.
    const isThrown = this.#failure?.thrown === true
    await this.wait().catch(error => {
      if (!isThrown) throw error
    })
  }

  // Made once for all tasks: there are groups of many that run as long as the process.
  readonly #onEnd = (): void => {
    this.#running--
    // Whoever sees the last task end may start another one.
    if (this.#running === 0 && this.#ended !== undefined) queueMicrotask(() => this.#end())
  }

  readonly #onFailure = (error: unknown): void => {
    if (!this.#controller.signal.aborted) {
      this.#failure ??= { error, thrown: false }
      this.#controller.abort(error)
    }
    this.#onEnd()
  }

  #end(): void {
    const ended = this.#ended
    if (this.#running > 0 || ended === undefined) return
    this.#ended = undefined
    ended.resolve(this.#outcome())
  }

  async #outcome(): Promise<void> {
    if (this.#failure === undefined) return
    this.#failure.thrown = true
    throw this.#failure.error
  }
}

/** A task that fails at once fails like any other. */
function begin(task: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    return task(signal)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Groups of one parent share its listener: a signal compares each that is added with all that it has, and there may be thousands. */
interface Siblings {
  groups: Set<Group>
  onAbort: () => void
}

const siblingsOf = new WeakMap<AbortSignal, Siblings>()

/** Aborts the group when the parent is aborted, until it leaves. */
function join(parent: AbortSignal, group: Group): void {
  const { groups } = siblingsOf.get(parent) ?? listenTo(parent)
  groups.add(group)
}

function leave(parent: AbortSignal, group: Group): void {
  const siblings = siblingsOf.get(parent)
  if (siblings === undefined) return
  const { groups, onAbort } = siblings
  if (!groups.delete(group) || groups.size > 0) return
  parent.removeEventListener('abort', onAbort)
  siblingsOf.delete(parent)
}

function listenTo(parent: AbortSignal): Siblings {
  const groups = new Set<Group>()
  const onAbort = () => {
    for (const group of groups) group.abort(parent.reason)
  }
  parent.addEventListener('abort', onAbort, { once: true })
  const siblings = { groups, onAbort }
  siblingsOf.set(parent, siblings)
  return siblings
}
