import { CopyOnWriteMap } from './copy-on-write-map.ts'

export interface ResumedMapOptions<K, S, T> {
  /** Makes the thing that goes on from a state. */
  resume: (state: S, key: K) => T
  /** What another needs to go on from where the thing is now. */
  stateOf: (thing: T) => S
}

/**
 * Things by key, some of which take the place of others: such a one is made when somebody asks for it first. Until then it costs nothing, and
 * its state is the one that it will be made of. For things that do nothing before somebody asks.
 */
export class ResumedMap<K, S, T> {
  readonly #options: ResumedMapOptions<K, S, T>
  readonly #made = new CopyOnWriteMap<K, T>()
  /** Of those that are not made yet. */
  readonly #states: CopyOnWriteMap<K, S>

  constructor(options: ResumedMapOptions<K, S, T>, states: CopyOnWriteMap<K, S> = new CopyOnWriteMap()) {
    this.#options = options
    this.#states = states.copy()
  }

  /** A copy. */
  get states(): CopyOnWriteMap<K, S> {
    const states = this.#states.copy()
    for (const [key, thing] of this.#made) states.set(key, this.#options.stateOf(thing))
    return states
  }

  get(key: K): T | undefined {
    return this.#made.get(key) ?? this.#resume(key)
  }

  has(key: K): boolean {
    return this.#made.has(key) || this.#states.has(key)
  }

  set(key: K, thing: T): void {
    this.#states.delete(key)
    this.#made.set(key, thing)
  }

  delete(key: K): void {
    this.#states.delete(key)
    this.#made.delete(key)
  }

  /** Those that are made. */
  made(): IterableIterator<T> {
    return this.#made.values()
  }

  /** What is known of each, made or not. */
  *[Symbol.iterator](): Generator<T | S, void, undefined> {
    yield* this.#states.values()
    yield* this.#made.values()
  }

  #resume(key: K): T | undefined {
    const state = this.#states.get(key)
    if (state === undefined) return undefined
    const thing = this.#options.resume(state, key)
    this.set(key, thing)
    return thing
  }
}
