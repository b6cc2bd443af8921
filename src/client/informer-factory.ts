import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { untilAborted } from '#base/abortable.ts'
import { Group } from '#base/group.ts'
import type { CollectionRef } from './client.ts'
import { Informer, type InformerOptions } from './informer.ts'

/** One informer a collection, shared by all components of a process, and run together. */
export class InformerFactory {
  readonly #options: InformerOptions
  readonly #informers = new Map<string, Informer<KubeObject>>()
  #group: Group | undefined

  constructor(options: InformerOptions) {
    this.#options = options
  }

  /** The informer of that collection; it runs as soon as the factory does. */
  of<T extends KubeObject>(ref: CollectionRef): Informer<T> {
    const key = JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, ref.labelSelector, ref.fieldSelector])
    let informer = this.#informers.get(key)
    if (informer === undefined) {
      informer = new Informer(ref, this.#options)
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
