import { newNotFound, type Status } from '#apimachinery/status/status.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { GroupResource } from '#apimachinery/resource/resource-info.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { Cacher, type CacherState } from '../cacher/cacher.ts'
import { WatchTurns } from '../cacher/watch-turns.ts'
import type { EntryKind } from '../cacher/entry.ts'
import { ObjectBytes } from '../storage/object-bytes.ts'
import { Expiry, type ExpiryState } from './expiry.ts'
import type { Resource, Store, StoreLookup } from './resource.ts'
import { ResourceStore } from './resource-store.ts'
import { resourceKeyPrefix } from './storage-key.ts'
import type { ObjectStorage } from '../storage/stored-object.ts'

export interface StoresOptions {
  storage: ObjectStorage
  audit: AuditLog
  clock: Clock
  random: Random
}

/** What is shown, and what is to be removed when, by resource. */
export type StoresState = ReadonlyMap<string, { cacher: CacherState; expiry: ExpiryState | undefined }>

/** The stores of all resources that are stored. */
export class Stores implements StoreLookup, Disposable {
  /** Of all watches. */
  readonly watchTurns = new WatchTurns()
  readonly #options: StoresOptions
  readonly #stores = new Map<string, ResourceStore>()
  readonly #expiries = new Map<string, Expiry>()
  readonly #state: StoresState

  /** @param state of stores that these take the place of */
  constructor(options: StoresOptions, state: StoresState = new Map()) {
    this.#options = options
    this.#state = state
  }

  /** A copy. */
  get state(): StoresState {
    return new Map([...this.#stores].map(([id, { cacher }]) => [id, { cacher: cacher.state, expiry: this.#expiries.get(id)?.state }]))
  }

  /** Opens the store of a resource: reads its objects from storage. */
  async open(resource: Resource): Promise<ResourceStore> {
    const { storage, audit, clock, random } = this.#options
    const kind: EntryKind = { bytes: new ObjectBytes(resource.info), selectableFields: resource.selectableFields, keepsDecoded: true }
    const id = idOf(resource.info)
    const state = this.#state.get(id)
    const keyPrefix = resourceKeyPrefix(resource.info)
    const cacher = await Cacher.start({ storage, keyPrefix, kind, clock, random, turns: this.watchTurns }, state?.cacher)
    const store = new ResourceStore(resource, cacher, kind, { storage, audit })
    this.#stores.set(id, store)
    if (resource.ttlSeconds !== undefined)
      this.#expiries.set(id, new Expiry({ cacher, storage, audit, clock, ttlMs: resource.ttlSeconds * 1000 }, state?.expiry))
    return store
  }

  /** @throws StatusError NotFound for a resource that is not stored here */
  of<T extends KubeObject = KubeObject>(resource: GroupResource): Store<T> {
    const store = this.#stores.get(idOf(resource))
    if (store === undefined) throw newNotFound(resource, '')
    return store as unknown as Store<T>
  }

  /** The concrete store; undefined for a resource that is not stored here. */
  find(resource: GroupResource): ResourceStore | undefined {
    return this.#stores.get(idOf(resource))
  }

  /** The concrete store that has the key; undefined when no resource served here has such keys. */
  ofKey(key: string): ResourceStore | undefined {
    for (const store of this.#stores.values()) if (key.startsWith(store.cacher.keyPrefix)) return store
    return undefined
  }

  endWatches(error?: Status): void {
    for (const store of this.#stores.values()) store.cacher.endWatches(error)
  }

  breakWatches(): void {
    for (const store of this.#stores.values()) store.cacher.breakWatches()
  }

  [Symbol.dispose](): void {
    for (const expiry of this.#expiries.values()) expiry[Symbol.dispose]()
    for (const store of this.#stores.values()) store.cacher[Symbol.dispose]()
  }
}

function idOf({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`
}
