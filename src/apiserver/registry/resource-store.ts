import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { newConflict, newInvalid, newNotFound } from '#apimachinery/status/status.ts'
import { invalid } from '#apimachinery/validation/field-error.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Cacher } from '../cacher/cacher.ts'
import { Entry, type EntryKind } from '../cacher/entry.ts'
import { FieldIndex } from '../cacher/field-index.ts'
import { finishNewObject, nameAttemptsMax, prepareCreate, takenName } from './creation.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import { shareEqual } from '#apimachinery/value/share-equal.ts'
import { planDeletion } from './deletion-plan.ts'
import type { DeletionOptions, RequestContext, Resource, Store, Strategy } from './resource.ts'
import { collectionKeyPrefix, objectKey } from './storage-key.ts'
import { isGone, prepareUpdate } from './updating.ts'
import { type ObjectStorage, StoredObject } from '../storage/stored-object.ts'

/** Upstream's words for a missed optimistic lock. */
const optimisticLockMessage = 'the object has been modified; please apply your changes to the latest version and try again'

/** Called with the finished object before it is written; refuses by throwing. Admission's second half. */
export type ValidatingHook<T> = (object: T | undefined, old: T | undefined) => Promise<void> | void

export interface UpdateRequest<T extends KubeObject> {
  namespace: string | undefined
  name: string
  /**
   * Makes the new object, private, out of the old one, which is shared. An object without resourceVersion overwrites whatever is there, if the
   * strategy allows it; one with another than the old one's is a conflict. Called again after each lost race.
   */
  change(old: T): T | Promise<T>
  context: RequestContext
  strategy: Strategy<T>
  /** The object must still have it. */
  resourceVersion?: string | undefined
  validate?: ValidatingHook<T> | undefined
  /** Makes the object when there is none. */
  createMissing?: (() => Promise<Entry>) | undefined
}

/** The generic store: API semantics on top of storage, reads from the watch cache. */
export class ResourceStore<T extends KubeObject = KubeObject> implements Store<T> {
  readonly resource: Resource<T>
  readonly cacher: Cacher
  readonly #kind: EntryKind
  readonly #storage: ObjectStorage
  readonly #audit: AuditLog
  readonly #indexes = new Map<string, FieldIndex>()

  constructor(resource: Resource<T>, cacher: Cacher, kind: EntryKind, { storage, audit }: { storage: ObjectStorage; audit: AuditLog }) {
    this.resource = resource
    this.cacher = cacher
    this.#kind = kind
    this.#storage = storage
    this.#audit = audit
  }

  async get(namespace: string | undefined, name: string): Promise<T> {
    return this.getEntry(namespace, name).object as T
  }

  peek(namespace: string | undefined, name: string): T | undefined {
    return this.cacher.get(this.keyOf(namespace, name))?.object as T | undefined
  }

  async list(namespace: string | undefined): Promise<T[]> {
    return this.peekList(namespace)
  }

  get generation(): number {
    return this.cacher.lastChangeRevision
  }

  peekList(namespace: string | undefined): T[] {
    return this.cacher.list(collectionKeyPrefix(this.cacher.keyPrefix, namespace)).map(entry => entry.object as T)
  }

  peekByField(field: string, value: string): T[] {
    let index = this.#indexes.get(field)
    if (index === undefined) this.#indexes.set(field, (index = new FieldIndex(this.cacher, field)))
    return Array.from(index.of(value), entry => entry.object as T)
  }

  async create(object: T, context: RequestContext): Promise<T> {
    return (await this.createEntry(object, context)).object as T
  }

  async update(
    namespace: string | undefined,
    name: string,
    change: (shared: T) => T,
    context: RequestContext,
    options?: { strategy?: Strategy<T>; resourceVersion?: string },
  ): Promise<T> {
    const strategy = options?.strategy ?? this.resource.strategy
    const entry = await this.updateEntry({
      namespace,
      name,
      change: old => change({ ...old, metadata: { ...old.metadata } }),
      context,
      strategy,
      resourceVersion: options?.resourceVersion,
    })
    return entry.object as T
  }

  async delete(
    namespace: string | undefined,
    name: string,
    options: DeletionOptions,
    context: RequestContext,
  ): Promise<{ object: T; gone: boolean }> {
    const { entry, gone } = await this.deleteEntry(namespace, name, options, context)
    return { object: entry.object as T, gone }
  }

  keyOf(namespace: string | undefined, name: string): string {
    return objectKey(this.cacher.keyPrefix, this.resource.info.namespaced ? namespace : undefined, name)
  }

  /** The opposite of `keyOf`. */
  namesOf(key: string): { namespace: string | undefined; name: string } {
    const path = key.slice(this.cacher.keyPrefix.length)
    if (!this.resource.info.namespaced) return { namespace: undefined, name: path }
    const slash = path.indexOf('/')
    return { namespace: path.slice(0, slash), name: path.slice(slash + 1) }
  }

  /** @throws StatusError NotFound */
  getEntry(namespace: string | undefined, name: string): Entry {
    const entry = this.cacher.get(this.keyOf(namespace, name))
    if (entry === undefined) throw newNotFound(this.resource.info, name)
    return entry
  }

  /**
   * The object as it was at a revision; undefined when there was none.
   * @throws StorageError Compacted, FutureRevision
   */
  async entryAt(namespace: string | undefined, name: string, revision: number): Promise<Entry | undefined> {
    const value = await this.#storage.get(this.keyOf(namespace, name), { revision })
    return value && this.cacher.toEntry(value)
  }

  /**
   * The objects under a key prefix as they were at a revision, in key order.
   * @throws StorageError Compacted, FutureRevision
   */
  async entriesAt(keyPrefix: string, revision: number, startAfter: string | undefined): Promise<Entry[]> {
    const { values } = await this.#storage.list(keyPrefix, { revision, ...(startAfter !== undefined && { startAfter }) })
    return values.map(value => this.cacher.toEntry(value))
  }

  /** As `create`, with the served bytes. `object` becomes the store's. */
  async createEntry(object: T, context: RequestContext, validate?: ValidatingHook<T>): Promise<Entry> {
    if (object.metadata.name) return this.#createOnce(object, context, validate)
    for (let attempt = 1; ; attempt++) {
      const last = attempt === nameAttemptsMax || !object.metadata.generateName
      const candidate = last ? object : deepCopy(object)
      const entry = await this.#createOnce(candidate, context, validate, last ? 'refuse' : 'again')
      if (entry !== undefined) return entry
    }
  }

  async #createOnce(object: T, context: RequestContext, validate: ValidatingHook<T> | undefined): Promise<Entry>
  async #createOnce(
    object: T,
    context: RequestContext,
    validate: ValidatingHook<T> | undefined,
    onTakenName: 'refuse' | 'again',
  ): Promise<Entry | undefined>
  async #createOnce(
    object: T,
    context: RequestContext,
    validate: ValidatingHook<T> | undefined,
    onTakenName?: 'refuse' | 'again',
  ): Promise<Entry | undefined> {
    const { resource } = this
    prepareCreate(object, resource, context)
    const claim = finishNewObject(object, resource, context)
    let isWritten = false
    try {
      const refusal = validate?.(object, undefined)
      if (refusal !== undefined) await refusal
      const key = this.keyOf(object.metadata.namespace, object.metadata.name)
      const result = await this.#write(key, object, undefined, context)
      if (result.entry !== undefined) {
        isWritten = !context.dryRun
        return result.entry
      }
      if (onTakenName === 'again') return undefined
      throw takenName(resource.info, object.metadata, result.current?.object, onTakenName !== undefined)
    } finally {
      if (!isWritten) claim?.release()
    }
  }

  /** As `update`, with the served bytes. */
  async updateEntry(request: UpdateRequest<T>): Promise<Entry> {
    const key = this.keyOf(request.namespace, request.name)
    let current = this.cacher.get(key)
    for (;;) {
      if (current === undefined) {
        if (request.createMissing !== undefined) return request.createMissing()
        throw newNotFound(this.resource.info, request.name)
      }
      const result = await this.#updateOnce(key, current, request)
      if (result.entry !== undefined) return result.entry
      current = result.current
    }
  }

  async #updateOnce(key: string, current: Entry, request: UpdateRequest<T>): Promise<WriteResult> {
    const { context, strategy, name } = request
    const old = current.object as T
    if (request.resourceVersion && request.resourceVersion !== String(current.revision)) throw this.#newLockConflict(name)
    const changing = request.change(old)
    const object = changing instanceof Promise ? await changing : changing
    this.#checkVersion(object, current, strategy, name)
    const claim = prepareUpdate(object, old, this.resource, strategy, context)
    let isWritten = false
    try {
      const refusal = request.validate?.(object, old)
      if (refusal !== undefined) await refusal
      const result = isGone(object, old, this.resource.strategy)
        ? await this.#remove(key, current, context)
        : await this.#write(key, object, current, context)
      isWritten = result.entry !== undefined && !context.dryRun
      if (isWritten && isGone(object, old, this.resource.strategy)) this.resource.strategy.afterDelete?.(object, context)
      return result
    } finally {
      if (!isWritten) claim?.release()
    }
  }

  #checkVersion(object: T, current: Entry, strategy: Strategy<T>, name: string): void {
    const { metadata } = object
    const currentVersion = String(current.revision)
    if (!metadata.resourceVersion) {
      if (strategy.allowUnconditionalUpdate === false) {
        const error = invalid('metadata.resourceVersion', '', 'must be specified for an update')
        throw newInvalid(this.resource.info, name, [error])
      }
      metadata.resourceVersion = currentVersion
    } else if (metadata.resourceVersion !== currentVersion) {
      throw this.#newLockConflict(name)
    }
    const uid = current.object.metadata.uid
    if (metadata.uid && metadata.uid !== uid) {
      const facts = `Code: 4, Key: ${current.key}, ResourceVersion: 0`
      const precondition = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`
      throw newConflict(this.resource.info, name, `StorageError: invalid object, ${facts}, AdditionalErrorMsg: ${precondition}`)
    }
  }

  /** As `delete`, with the served bytes. */
  async deleteEntry(
    namespace: string | undefined,
    name: string,
    options: DeletionOptions,
    context: RequestContext,
    validate?: ValidatingHook<T>,
  ): Promise<{ entry: Entry; gone: boolean }> {
    const key = this.keyOf(namespace, name)
    const { strategy } = this.resource
    const dryRun = context.dryRun || options.dryRun === true
    let current = this.cacher.get(key)
    let isMarked = false
    let marked: Entry | undefined
    for (;;) {
      // What we marked for removal at once may be removed by somebody who saw the mark, too: it is gone, as was asked.
      if (marked !== undefined && current?.object.metadata.uid !== marked.object.metadata.uid) return { entry: marked, gone: true }
      if (current === undefined) throw newNotFound(this.resource.info, name)
      const old = current.object as T
      if (!isMarked) {
        this.#checkPreconditions(old, options)
        const refusal = validate?.(undefined, old)
        if (refusal !== undefined) await refusal
      }
      const plan = isMarked ? ({ step: 'remove' } as const) : planDeletion(old, options, strategy, context)
      if (plan.step === 'wait') return { entry: current, gone: false }
      const result: WriteResult =
        plan.step === 'mark'
          ? await this.#write(key, plan.object, current, context, { dryRun, asksDeletion: true })
          : await this.#remove(key, current, context, dryRun)
      if (result.entry === undefined) {
        current = result.current
        isMarked = false
      } else if (plan.step === 'remove') {
        if (!dryRun) strategy.afterDelete?.(old, context)
        return { entry: result.entry, gone: true }
      } else if (!plan.thenRemove) {
        return { entry: result.entry, gone: false }
      } else if (dryRun) {
        return { entry: result.entry, gone: true }
      } else {
        current = result.entry
        marked = result.entry
        isMarked = true
      }
    }
  }

  #checkPreconditions(old: T, { preconditions }: DeletionOptions): void {
    const { uid, resourceVersion, name } = old.metadata
    if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
      const cause = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`
      throw newConflict(this.resource.info, name, cause)
    }
    if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
      const cause = `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`
      throw newConflict(this.resource.info, name, cause)
    }
  }

  /** Writes `object` over `current`, unless nothing would change. `object` becomes shared. */
  async #write(
    key: string,
    object: T,
    current: Entry | undefined,
    context: RequestContext,
    { dryRun = context.dryRun, asksDeletion = false } = {},
  ): Promise<WriteResult> {
    const value = this.#valueOf(object, current)
    if (value === undefined) return { entry: current! }
    if (dryRun) {
      const taken = current === undefined ? this.cacher.get(key) : undefined
      return taken === undefined ? { entry: this.#dryEntry(key, object, current) } : { entry: undefined, current: taken }
    }
    const write = { key, expectedRevision: current?.revision ?? 0, value }
    const result = await this.#storage.commit(write)
    if (result.committed) {
      this.#audit.record(write, result.revision, context, asksDeletion)
      return { entry: this.cacher.writtenEntry(key, result.revision, value) }
    }
    return { entry: undefined, current: result.current && this.cacher.toEntry(result.current) }
  }

  async #remove(key: string, current: Entry, context: RequestContext, dryRun = context.dryRun): Promise<WriteResult> {
    if (dryRun) return { entry: current }
    const write = { key, expectedRevision: current.revision }
    const result = await this.#storage.commit(write)
    if (result.committed) {
      this.#audit.record(write, result.revision, context)
      return { entry: current.at(result.revision) }
    }
    return { entry: undefined, current: result.current && this.cacher.toEntry(result.current) }
  }

  /** What is to be stored; undefined when that would change nothing. An object is turned into bytes here if its predecessor came in bytes. */
  #valueOf(object: T, current: Entry | undefined): StoredObject | undefined {
    const { bytes: codec } = this.#kind
    if (current === undefined) return StoredObject.decoded(object, codec)
    if (!current.isEncoded) {
      const shared = sharingWith(current.object, object)
      return shared && StoredObject.decoded(shared, codec)
    }
    const bytes = codec.store(object)
    return isUnchanged(codec.isSame(current.bytes, bytes), current, bytes, object) ? undefined : StoredObject.encoded(bytes, object)
  }

  /** What a write would have made. */
  #dryEntry(key: string, object: T, current: Entry | undefined): Entry {
    const { bytes } = this.#kind
    if (current !== undefined) return new Entry(this.#kind, key, current.revision, undefined, object)
    delete object.metadata.resourceVersion
    return new Entry(this.#kind, key, 0, bytes.serveUnversioned(bytes.store(object)), object)
  }

  #newLockConflict(name: string): Error {
    return newConflict(this.resource.info, name, optimisticLockMessage)
  }
}

/** `entry`: what is there now. Without it the race was lost to `current` (undefined: there is no object). */
type WriteResult = { entry: Entry } | { entry: undefined; current: Entry | undefined }

/** Same bytes, or the same JSON in another order of keys: no write is needed. */
function isUnchanged(isSame: boolean, current: Entry, value: Buffer, object: KubeObject): boolean {
  if (isSame) return true
  const versionLength = `"resourceVersion":"${current.revision}",`.length + 1
  return current.bytes.length === value.length + versionLength && sharingWith(current.object, object) === undefined
}

/**
 * The object with what it has in common with the old one taken from there, so that versions of an object cost what differs. Its metadata is
 * always its own: it gets a resourceVersion.
 * @returns undefined when nothing but type and resourceVersion differs
 */
function sharingWith<T extends KubeObject>(old: KubeObject, object: T): T | undefined {
  const own = { ...object.metadata, resourceVersion: old.metadata.resourceVersion }
  const metadata = shareEqual(own, old.metadata)
  const typed = { ...object, apiVersion: old.apiVersion, kind: old.kind, metadata: old.metadata }
  const content = shareEqual(typed, old)
  if (content === old && metadata === old.metadata) return undefined
  const { apiVersion, kind } = object
  return { ...content, apiVersion, kind, metadata: metadata === old.metadata ? own : metadata }
}
