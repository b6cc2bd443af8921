import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ObjectBytes } from '../storage/object-bytes.ts'
import type { StoredObject } from '../storage/stored-object.ts'

/** What the entries of one resource have in common. */
export interface EntryKind {
  readonly bytes: ObjectBytes
  /** Fields that selectors may name, besides metadata.name and metadata.namespace. */
  readonly selectableFields: ((object: KubeObject) => Record<string, string>) | undefined
  /** Keep decoded objects: for resources that are small, which are often those that every request asks for (RBAC, namespaces). */
  keepsDecoded: boolean
}

/** Stands for the bytes of an object that has none yet. */
const usualSize = 2_048

/**
 * One object at one revision, immutable. What came in bytes keeps the served bytes; the decoded object is made when somebody asks, and
 * remembered only as long as somebody else uses it. What came decoded stays so, and its bytes are made when somebody asks.
 */
export class Entry {
  readonly key: string
  /** Revision of the write that made it; for a deletion, that of the deletion. */
  readonly revision: number
  /** Came in bytes. */
  readonly isEncoded: boolean
  /** About how many bytes it has. */
  readonly size: number
  #bytes: Buffer | undefined
  readonly #kind: EntryKind
  #object: WeakRef<KubeObject> | KubeObject | undefined
  #labels: Readonly<Record<string, string>> | undefined
  /** Present once labels and fields are known. */
  #fields: Readonly<Record<string, string>> | undefined

  /**
   * @param bytes the served form; left out: it is made of the object
   * @param object the decoded form, resourceVersion included, if it is at hand
   */
  constructor(kind: EntryKind, key: string, revision: number, bytes: Buffer | undefined, object?: KubeObject) {
    this.#kind = kind
    this.key = key
    this.revision = revision
    this.isEncoded = bytes !== undefined
    this.size = bytes?.length ?? usualSize
    this.#bytes = bytes
    if (object !== undefined) {
      this.#remember(object)
      // What stays decoded can be asked at any time.
      if (this.isEncoded) this.#learn(object)
    }
  }

  /** Of what was stored by the write of that revision. */
  static of(kind: EntryKind, key: string, revision: number, { bytes, object }: StoredObject): Entry {
    if (object !== undefined) object.metadata.resourceVersion = String(revision)
    return new Entry(kind, key, revision, bytes && kind.bytes.serve(bytes, revision), object)
  }

  /** The served form, newline included. Shared: never change it. */
  get bytes(): Buffer {
    this.#bytes ??= this.#kind.bytes.serve(this.#kind.bytes.store(this.object), this.revision)
    return this.#bytes
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
    const bytes = this.isEncoded ? this.#kind.bytes.serveAgain(this.bytes, revision) : undefined
    const entry = new Entry(this.#kind, this.key, revision, bytes, metadata && ({ ...object, metadata } as KubeObject))
    entry.#labels = this.#labels
    entry.#fields = this.#fields
    return entry
  }

  get #known(): KubeObject | undefined {
    return this.#object instanceof WeakRef ? this.#object.deref() : this.#object
  }

  #remember(object: KubeObject): void {
    this.#object = this.#kind.keepsDecoded || !this.isEncoded ? object : new WeakRef(object)
  }

  #learn(object: KubeObject): void {
    const { name, namespace, labels } = object.metadata
    this.#labels = labels
    const own = this.#kind.selectableFields?.(object)
    this.#fields = { ...own, 'metadata.name': name, 'metadata.namespace': namespace ?? '' }
  }
}
