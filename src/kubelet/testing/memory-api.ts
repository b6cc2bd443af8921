import { type KubeList, type KubeObject, keyOf } from '#apimachinery/meta/v1/object.ts'
import { newAlreadyExists, newConflict, newNotFound } from '#apimachinery/status/status.ts'
import { AsyncQueue } from '#base/async-queue.ts'
import type { Client, CollectionRef, ObjectRef, WatchEvent } from '#client/client.ts'

type Watcher = { ref: CollectionRef; queue: AsyncQueue<WatchEvent<KubeObject>> }

/** As much of an API server as the kubelet needs, in memory: for tests of the kubelet alone. */
export class MemoryAPI implements Client {
  readonly #objects = new Map<string, KubeObject>()
  readonly #watchers = new Set<Watcher>()
  readonly #history: WatchEvent<KubeObject>[] = []
  #revision = 1
  /** Every write of a pod's status, in order. */
  readonly statusWrites: { pod: string; status: unknown }[] = []
  /** So many writes to come are refused as conflicts. */
  conflicts = 0

  all<T extends KubeObject>(kind: string): T[] {
    return [...this.#objects.values()].filter(object => object.kind === kind) as T[]
  }

  /** What a test puts there itself. */
  put<T extends KubeObject>(object: T): T {
    const key = storeKey(object)
    const old = this.#objects.get(key)
    const resourceVersion = String(++this.#revision)
    const uid = object.metadata.uid ?? old?.metadata.uid ?? `uid-${this.#revision}`
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, uid, resourceVersion } })
    this.#objects.set(key, stored)
    this.#tell(old === undefined ? 'ADDED' : 'MODIFIED', stored)
    return stored
  }

  remove(ref: ObjectRef): void {
    const key = storeKey({ kind: ref.kind, metadata: ref })
    const old = this.#objects.get(key)
    this.#objects.delete(key)
    if (old !== undefined) this.#tell('DELETED', { ...old, metadata: { ...old.metadata, resourceVersion: String(++this.#revision) } })
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T> {
    const found = this.#objects.get(storeKey({ kind: ref.kind, metadata: ref }))
    if (found === undefined) throw newNotFound({ group: '', resource: `${ref.kind.toLowerCase()}s` }, ref.name)
    return found as T
  }

  async list<T extends KubeObject>(ref: CollectionRef): Promise<KubeList<T>> {
    const items = this.all<T>(ref.kind).filter(object => matches(object, ref))
    return { apiVersion: ref.apiVersion, kind: `${ref.kind}List`, metadata: { resourceVersion: String(this.#revision) }, items }
  }

  async *watch<T extends KubeObject>(
    ref: CollectionRef & { resourceVersion?: string },
    signal: AbortSignal,
  ): AsyncGenerator<readonly WatchEvent<T>[], void, undefined> {
    const watcher: Watcher = { ref, queue: new AsyncQueue() }
    this.#watchers.add(watcher)
    for (const event of this.#history) {
      if (Number(event.object.metadata.resourceVersion) > Number(ref.resourceVersion) && matches(event.object, ref))
        watcher.queue.push(event)
    }
    const stop = () => watcher.queue.close(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const events of watcher.queue.batches()) yield events as readonly WatchEvent<T>[]
    } finally {
      this.#watchers.delete(watcher)
      signal.removeEventListener('abort', stop)
    }
  }

  async create<T extends KubeObject>(object: T): Promise<T> {
    if (this.#objects.has(storeKey(object)))
      throw newAlreadyExists({ group: '', resource: `${object.kind.toLowerCase()}s` }, object.metadata.name)
    return this.put(object)
  }

  async update<T extends KubeObject>(object: T): Promise<T> {
    await this.get({ ...object, ...object.metadata })
    return this.put(object)
  }

  async patch<T extends KubeObject>(ref: ObjectRef, { body }: { body: unknown }, _signal: AbortSignal): Promise<T> {
    const present = await this.get<KubeObject>(ref)
    this.#refuse(ref)
    const { metadata, ...rest } = structuredClone(body) as { metadata?: { uid?: string }; status?: { [key: string]: unknown } }
    if (metadata?.uid !== undefined && metadata.uid !== present.metadata.uid)
      throw newConflict({ group: '', resource: 'pods' }, ref.name, 'uid')
    const merged = mergeStrategic(present as never, rest as never) as unknown as T
    if (rest.status !== undefined) this.statusWrites.push({ pod: keyOf(present), status: (merged as { status?: unknown }).status })
    return this.put(merged)
  }

  async delete(ref: ObjectRef): Promise<unknown> {
    await this.get(ref)
    this.#refuse(ref)
    this.remove(ref)
    return {}
  }

  async deleteCollection(): Promise<void> {}

  async createSubresource<R>(): Promise<R> {
    return { status: { token: 'token', expirationTimestamp: '2036-01-01T00:00:00Z' } } as R
  }

  #refuse({ name }: ObjectRef): void {
    if (this.conflicts <= 0) return
    this.conflicts--
    throw newConflict({ group: '', resource: 'pods' }, name, 'somebody else was faster')
  }

  #tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    this.#history.push({ type, object })
    for (const { ref, queue } of this.#watchers) if (matches(object, ref)) queue.push({ type, object })
  }
}

function storeKey({ kind, metadata }: { kind: string; metadata: { name: string; namespace?: string | undefined } }): string {
  return `${kind}/${keyOf({ metadata })}`
}

function matches(object: KubeObject, { kind, namespace, fieldSelector = '' }: CollectionRef): boolean {
  if (object.kind !== kind || (namespace !== undefined && object.metadata.namespace !== namespace)) return false
  const [path = '', wanted] = fieldSelector.split('=')
  if (path === '') return true
  return path.split('.').reduce<unknown>((value, part) => (value as { [key: string]: unknown } | undefined)?.[part], object) === wanted
}

type JSONObject = { [key: string]: unknown }

/** Lists of named things merge by `type`; every other list is replaced. Enough for what the kubelet sends. */
function mergeStrategic(target: JSONObject, patch: JSONObject): JSONObject {
  const result = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key]
    if (value === null) delete result[key]
    else if (key === 'conditions' && Array.isArray(value)) {
      const byType = new Map(((old as { type: string }[] | undefined) ?? []).map(condition => [condition.type, condition]))
      for (const condition of value as { type: string }[]) byType.set(condition.type, condition)
      result[key] = [...byType.values()]
    } else if (Array.isArray(value)) result[key] = value.filter(each => (each as JSONObject)['$patch'] === undefined)
    else if (typeof value === 'object' && key === 'status')
      result[key] = mergeStrategic((old as JSONObject | undefined) ?? {}, value as JSONObject)
    else result[key] = value
  }
  return result
}
