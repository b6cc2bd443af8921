import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { StoredObject } from '#apiserver/storage/stored-object.ts'
import type { StorageEvent, Storage } from '#storage/storage.ts'

/** One write, as storage took it. */
export class LoggedWrite {
  readonly revision: number
  readonly type: 'put' | 'delete'
  readonly key: string
  /** `pods`, `leases.coordination.k8s.io`. */
  readonly resource: string
  /** `default/web`, or a name alone. */
  readonly objectKey: string
  /** The cluster's time. */
  readonly atMs: number
  /** What was there before; undefined for a new key. */
  readonly previous: LoggedWrite | undefined
  readonly #value: StoredObject
  #object: KubeObject | undefined

  constructor({ revision, type, key, value }: StorageEvent<StoredObject>, atMs: number, previous: LoggedWrite | undefined) {
    const [, , resource = '', ...rest] = key.split('/')
    this.revision = revision
    this.type = type
    this.key = key
    this.resource = resource
    this.objectKey = rest.join('/')
    this.atMs = atMs
    this.previous = previous
    this.#value = value
  }

  /** What was written, or for a delete the last that was there. Never change it. */
  get object(): KubeObject {
    this.#object ??= this.#read()
    return this.#object
  }

  get bytes(): Uint8Array {
    return this.#value.encode()
  }

  #read(): KubeObject {
    const object = this.#value.object ?? (JSON.parse(Buffer.from(this.#value.encode()).toString()) as KubeObject)
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } }
  }
}

/** Every write of a cluster, in order, and what they add up to. */
export class WriteLog {
  readonly writes: LoggedWrite[] = []
  readonly #current = new Map<string, Map<string, LoggedWrite>>()
  readonly #listeners: ((write: LoggedWrite) => void)[] = []

  /** Goes on with the writes of that storage, after those that it has seen, until that is disposed of. @param now the cluster's time */
  follow(storage: Storage<StoredObject>, now: () => number): Promise<Disposable> {
    return storage.watch({ prefix: '/', afterRevision: this.revision }, events => this.#append(events, now()))
  }

  /** Of the newest write. */
  get revision(): number {
    return this.writes.at(-1)?.revision ?? 0
  }

  #append(events: readonly StorageEvent<StoredObject>[], atMs: number): void {
    for (const event of events) {
      const write = new LoggedWrite(event, atMs, this.#current.get(resourceOf(event.key))?.get(event.key))
      this.writes.push(write)
      this.#keep(write)
      for (const listener of this.#listeners) listener(write)
    }
  }

  onWrite(listener: (write: LoggedWrite) => void): void {
    this.#listeners.push(listener)
  }

  /** The objects of a resource that are there now, by key. */
  objects<T extends KubeObject>(resource: string): T[] {
    return Array.from(this.#current.get(resource)?.values() ?? [], write => write.object as T)
  }

  /** The object of that `namespace/name`. */
  get<T extends KubeObject>(resource: string, objectKey: string): T | undefined {
    return this.#current.get(resource)?.get(`/registry/${resource}/${objectKey}`)?.object as T | undefined
  }

  #keep(write: LoggedWrite): void {
    let objects = this.#current.get(write.resource)
    if (objects === undefined) this.#current.set(write.resource, (objects = new Map()))
    if (write.type === 'delete') objects.delete(write.key)
    else objects.set(write.key, write)
  }
}

function resourceOf(key: string): string {
  return key.split('/', 3)[2] ?? ''
}

/** Of two logs that should be the same, the first writes that are not: keys, revisions, times, bytes. Undefined: they are. */
export function firstDifference(left: WriteLog, right: WriteLog): [string, string] | undefined {
  for (let index = 0; index < Math.max(left.writes.length, right.writes.length); index++) {
    const [one, other] = [left.writes[index], right.writes[index]]
    if (one === undefined || other === undefined || !isSame(one, other)) return formatDifference(one, other)
  }
  return undefined
}

function isSame(one: LoggedWrite, other: LoggedWrite): boolean {
  if (one.revision !== other.revision || one.type !== other.type || one.key !== other.key || one.atMs !== other.atMs) return false
  return Buffer.compare(one.bytes, other.bytes) === 0 || withoutCertificates(one.bytes) === withoutCertificates(other.bytes)
}

/** So much of two objects is shown around the place where they part. */
const shownBefore = 60
const shownAfter = 200

function formatDifference(...writes: (LoggedWrite | undefined)[]): [string, string] {
  const [one = '', other = ''] = writes.map(write => (write === undefined ? '' : withoutCertificates(write.bytes)))
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  const format = (write: LoggedWrite | undefined, text: string) => {
    if (write === undefined) return 'nothing'
    const { revision, atMs, type, key } = write
    return `${revision} ${new Date(atMs).toISOString()} ${type} ${key} …${text.slice(Math.max(at - shownBefore, 0), at + shownAfter)}…`
  }
  return [format(writes[0], one), format(writes[1], other)]
}

/** No seed decides them. */
const certificates = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/g

export function withoutCertificates(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1')
  return text.includes('-----BEGIN') ? text.replace(certificates, 'a certificate') : text
}
