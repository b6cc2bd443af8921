import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ObjectBytes } from './object-bytes.ts'

/** What the entries of one resource have in common. */
export interface EntryKind {
  readonly bytes: ObjectBytes
  /** Fields that selectors may name, besides metadata.name and metadata.namespace. */
  readonly selectableFields: ((object: KubeObject) => Record<string, string>) | undefined
  /** Keep decoded objects: for resources that are small, which are often those that every request asks for (RBAC, namespaces). */
  keepsDecoded: boolean
}

/**
 * One object at one revision, immutable. It keeps the served bytes; the decoded object is made when somebody asks, and remembered only
 * as long as somebody else uses it.
 */
export class Entry {
  readonly key: string
  /** Revision of the write that made it; for a deletion, that of the deletion. */
  readonly revision: number
  /** The served form, newline included. Shared: never change it. */
  readonly bytes: Buffer
  readonly #kind: EntryKind
  #object: WeakRef<KubeObject> | KubeObject | undefined
  #labels: Readonly<Record<string, string>> | undefined
  /** Present once labels and fields are known. */
  #fields: Readonly<Record<string, string>> | undefined

  /** @param object the decoded form, resourceVersion included, if it is at hand */
  constructor(kind: EntryKind, key: string, revision: number, bytes: Buffer, object?: KubeObject) {
    this.#kind = kind
    this.key = key
    this.revision = revision
    this.bytes = bytes
    if (object !== undefined) {
      this.#remember(object)
      this.#learn(object)
    }
  }

  /** The decoded object. Shared: never change it. */
  get object(): KubeObject {
    const known = this.#known
    if (known !== undefined) return known
    const object = this.#kind.bytes.parse(this.bytes)
    this.#remember(object)
    if (this.#fields === undefined) this.#learn(object)
    return object
  }

  get labels(): Readonly<Record<string, string>> | undefined {
    if (this.#fields === undefined) this.#learn(this.object)
    return this.#labels
  }

  /** The selectable fields, metadata.name and metadata.namespace included. */
  get fields(): Readonly<Record<string, string>> {
    if (this.#fields === undefined) this.#learn(this.object)
    return this.#fields!
  }

  /** The same object under another resourceVersion: how a deletion shows it. */
  at(revision: number): Entry {
    const object = this.#known
    const metadata = object && { ...object.metadata, resourceVersion: String(revision) }
    const bytes = this.#kind.bytes.serveAgain(this.bytes, revision)
    const entry = new Entry(this.#kind, this.key, revision, bytes, metadata && ({ ...object, metadata } as KubeObject))
    entry.#labels = this.#labels
    entry.#fields = this.#fields
    return entry
  }

  get #known(): KubeObject | undefined {
    return this.#object instanceof WeakRef ? this.#object.deref() : this.#object
  }

  #remember(object: KubeObject): void {
    this.#object = this.#kind.keepsDecoded ? object : new WeakRef(object)
  }

  #learn(object: KubeObject): void {
    const { name, namespace, labels } = object.metadata
    this.#labels = labels
    const own = this.#kind.selectableFields?.(object)
    this.#fields = { ...own, 'metadata.name': name, 'metadata.namespace': namespace ?? '' }
  }
}
