import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { shared } from '#base/shared-text.ts'
import { SmallMap } from '#base/small-map.ts'
import type { ObjectSource } from '#client/informer-parts.ts'

/** What each pod refers to, by its UID: keys of objects. */
export type ReferencesState = ReadonlyMap<string, readonly string[]>

interface Reference<T extends KubeObject> {
  source: ObjectSource<T>
  owners: Set<string>
  stop: AbortController
}

export interface ReferencedObjectsOptions<T extends KubeObject> {
  /** The object of that name, if there is one. */
  sourceOf: (namespace: string, name: string) => ObjectSource<T>
  clock: Clock
  log: Logger
}

/** How long a mount waits for the first answer about an object. */
const firstAnswerMs = 10_000

/**
 * ConfigMaps (or Secrets) that pods of this node refer to, each watched for as long as a pod does: the kubelet may not read others, and need
 * not hold them.
 */
export class ReferencedObjects<T extends KubeObject> {
  readonly #kind: string
  readonly #options: ReferencedObjectsOptions<T>
  readonly #references = new SmallMap<string, Reference<T>>()
  readonly #keysByOwner = new SmallMap<string, readonly string[]>()
  readonly #onChange: (owners: ReadonlySet<string>) => void

  /**
   * @param onChange called with the UIDs of the pods that refer to a changed object
   * @param state what pods refer to already; the present versions are no news to them
   */
  constructor(
    kind: string,
    options: ReferencedObjectsOptions<T>,
    onChange: (owners: ReadonlySet<string>) => void,
    state: ReferencesState = new Map(),
  ) {
    this.#kind = kind
    this.#options = options
    this.#onChange = onChange
    for (const [owner, keys] of state) {
      for (const key of keys) this.#add(owner, key, { isKnown: true })
      this.#keysByOwner.set(owner, keys)
    }
  }

  /** A copy. */
  get state(): ReferencesState {
    return new Map(this.#keysByOwner)
  }

  /** Makes the pod refer to exactly these objects of a namespace. */
  refer(owner: string, namespace: string, names: ReadonlySet<string>): void {
    const keys = [...names].map(name => shared(`${namespace}/${name}`))
    for (const key of keys) this.#add(owner, key)
    for (const key of this.#keysByOwner.get(owner) ?? []) if (!keys.includes(key)) this.#drop(owner, key)
    if (keys.length === 0) this.#keysByOwner.delete(owner)
    else this.#keysByOwner.set(owner, keys)
  }

  release(owner: string): void {
    this.refer(owner, '', new Set())
  }

  /**
   * The object of a name that some pod refers to; undefined when it does not exist.
   * @throws Error when the server does not answer in time
   */
  async get(namespace: string, name: string, signal: AbortSignal): Promise<T | undefined> {
    const key = `${namespace}/${name}`
    const reference = this.#references.get(key)
    if (reference === undefined) throw new Error(`object "${namespace}"/"${name}" not registered`)
    const { source } = reference
    if (!source.hasSynced) await this.#waitFor(source, signal)
    return source.get(key)
  }

  stop(): void {
    for (const { stop } of this.#references.values()) stop.abort(new Error('kubelet stopped'))
    this.#references.clear()
    this.#keysByOwner.clear()
  }

  async #waitFor(source: ObjectSource<T>, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController()
    const late = this.#options.clock.sleep(firstAnswerMs, AbortSignal.any([signal, waiting.signal])).then(() => {
      throw new Error(`failed to sync ${this.#kind.toLowerCase()} cache: timed out waiting for the condition`)
    })
    try {
      await Promise.race([source.synced, late])
    } finally {
      waiting.abort()
      late.catch(() => {})
    }
  }

  #add(owner: string, key: string, options: { isKnown?: boolean } = {}): void {
    const known = this.#references.get(key)
    if (known !== undefined) {
      known.owners.add(owner)
      return
    }
    const [namespace = '', name = ''] = key.split('/')
    const source = this.#options.sourceOf(namespace, name)
    const stop = new AbortController()
    const owners = new Set([owner])
    this.#references.set(key, { source, owners, stop })
    const listening = source.onChange(() => {
      if (source.hasSynced) this.#onChange(owners)
    }, options)
    stop.signal.addEventListener('abort', () => listening[Symbol.dispose](), { once: true })
    source.run(stop.signal).catch(error => this.#options.log.error('watch of a referenced object ended', { key, error }))
  }

  #drop(owner: string, key: string): void {
    const reference = this.#references.get(key)
    reference?.owners.delete(owner)
    if (reference === undefined || reference.owners.size > 0) return
    reference.stop.abort(new Error('no pod refers to the object any more'))
    this.#references.delete(key)
  }
}
