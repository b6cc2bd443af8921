import { createHash } from 'node:crypto'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { StoredObject } from '#apiserver/storage/stored-object.ts'
import type { Clock } from '#base/clock.ts'
import type { StorageEvent } from '#storage/storage.ts'

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
  readonly #clock: Clock
  readonly #current = new Map<string, Map<string, LoggedWrite>>()
  readonly #listeners: ((write: LoggedWrite) => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  append(events: readonly StorageEvent<StoredObject>[]): void {
    for (const event of events) {
      const write = new LoggedWrite(event, this.#clock.now(), this.#current.get(resourceOf(event.key))?.get(event.key))
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

  /** The same for the same writes: keys, revisions, bytes. Certificates, which no seed decides, count as one. */
  digest(): string {
    const hash = createHash('sha256')
    for (const { revision, type, key, bytes } of this.writes) hash.update(`${revision} ${type} ${key} `).update(withoutCertificates(bytes))
    return hash.digest('hex').slice(0, 16)
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

const certificates = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/g

export function withoutCertificates(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1')
  return text.includes('-----BEGIN') ? text.replace(certificates, 'a certificate') : text
}
