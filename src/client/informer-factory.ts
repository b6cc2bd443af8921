import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { untilAborted } from '#base/abortable.ts'
import { Group } from '#base/group.ts'
import type { CollectionRef } from './client.ts'
import { Informer, type InformerOptions, type InformerState } from './informer.ts'

/** The states of a factory's informers, by collection. */
export type InformersState = ReadonlyMap<string, InformerState>

/** One informer a collection, shared by all components of a process, and run together. */
export class InformerFactory {
  readonly #options: InformerOptions
  readonly #informers = new Map<string, Informer<KubeObject>>()
  readonly #states: InformersState
  #group: Group | undefined

  /** @param state of a factory that this one takes the place of */
  constructor(options: InformerOptions, state: InformersState = new Map()) {
    this.#options = options
    this.#states = state
  }

  /**
   * A copy of what the informers hold.
   * @param resourceVersion up to which they have seen all there is; undefined when they may be behind
   */
  stateAt(resourceVersion: string | undefined): InformersState {
    const states = new Map<string, InformerState>()
    for (const [key, { state }] of this.#informers)
      if (state !== undefined) states.set(key, { ...state, resourceVersion: resourceVersion ?? state.resourceVersion })
    return states
  }

  /** The informer of that collection; it runs as soon as the factory does. */
  of<T extends KubeObject>(ref: CollectionRef): Informer<T> {
    const key = JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, ref.labelSelector, ref.fieldSelector])
    let informer = this.#informers.get(key)
    if (informer === undefined) {
      informer = new Informer(ref, this.#options, this.#states.get(key))
      this.#informers.set(key, informer)
      const added = informer
      this.#group?.spawn(signal => added.run(signal))
    }
    return informer as unknown as Informer<T>
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
