import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { untilAborted } from '#base/abortable.ts'
import { Group } from '#base/group.ts'
import type { Random } from '#base/random.ts'
import type { CollectionRef } from './client.ts'
import { Informer, type InformerOptions, type InformerState } from './informer.ts'

/** The states of a factory's informers, by collection. */
export interface InformersState {
  informers: ReadonlyMap<string, InformerState>
  /** How long each waits after a failure is of its own: whose watch breaks first may be others in a copy. */
  jitters: ReadonlyMap<string, Random>
  jitter: Random
}

/** One informer a collection, shared by all components of a process, and run together. */
export class InformerFactory {
  readonly #options: InformerOptions
  readonly #informers = new Map<string, Informer<KubeObject>>()
  readonly #state: InformersState | undefined
  readonly #jitters = new Map<string, Random>()
  #group: Group | undefined

  /** @param state of a factory that this one takes the place of */
  constructor(options: InformerOptions, state?: InformersState) {
    // How long they wait after a failure is of their own: who watches again more often does not give objects other names.
    this.#options = { ...options, random: state?.jitter.copy() ?? options.random.branch() }
    this.#state = state
  }

  /**
   * A copy of what the informers hold.
   * @param resourceVersion up to which those that watch have seen all there is; undefined when they may be behind
   */
  stateAt(resourceVersion: string | undefined): InformersState {
    const states = new Map<string, InformerState>()
    for (const [key, informer] of this.#informers) {
      const { state } = informer
      if (state === undefined) continue
      states.set(key, informer.isWatching ? { ...state, watchFrom: resourceVersion } : state)
    }
    const jitters = new Map([...this.#jitters].map(([key, random]) => [key, random.copy()]))
    return { informers: states, jitters, jitter: this.#options.random.copy() }
  }

  /** The informer of that collection; it runs as soon as the factory does. */
  of<T extends KubeObject>(ref: CollectionRef): Informer<T> {
    const key = JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, ref.labelSelector, ref.fieldSelector])
    let informer = this.#informers.get(key)
    if (informer === undefined) {
      const random = this.#state?.jitters.get(key)?.copy() ?? this.#newJitter()
      this.#jitters.set(key, random)
      informer = new Informer(ref, { ...this.#options, random }, this.#state?.informers.get(key))
      this.#informers.set(key, informer)
      const added = informer
      this.#group?.spawn(signal => added.run(signal))
    }
    return informer as unknown as Informer<T>
  }

  /** Another one each time. */
  #newJitter(): Random {
    const { random } = this.#options
    random.next()
    return random.branch()
  }

  /** Runs every informer, those asked for later too, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await using group = new Group(signal)
    this.#group = group
    for (const informer of this.#informers.values()) group.spawn(inner => informer.run(inner))
    await untilAborted(group.signal)
    this.#group = undefined
    await group.wait()
  }
}
