import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import { assert } from '#base/assert.ts'
import type { Storage, Write } from '#storage/storage.ts'
import type { ObjectBytes } from './object-bytes.ts'

/** Storage as an API server has it: what need not leave the process need not become bytes. */
export type ObjectStorage = Storage<StoredObject>

/** An object as it is stored: decoded, in bytes, or both. Never changes, but for the resourceVersion of the decoded form, which its write gives. */
export class StoredObject {
  /** Shared: never change it. */
  readonly object: KubeObject | undefined
  /** The stored form, without resourceVersion. */
  readonly bytes: Uint8Array | undefined
  readonly #codec: ObjectBytes | undefined

  private constructor(object: KubeObject | undefined, bytes: Uint8Array | undefined, codec: ObjectBytes | undefined) {
    this.object = object
    this.bytes = bytes
    this.#codec = codec
  }

  static decoded(object: KubeObject, codec: ObjectBytes): StoredObject {
    return new StoredObject(object, undefined, codec)
  }

  static encoded(bytes: Uint8Array, object?: KubeObject): StoredObject {
    return new StoredObject(object, bytes, undefined)
  }

  /** One that may be changed. */
  copy(): StoredObject {
    return new StoredObject(deepCopy(this.object), this.bytes?.slice(), this.#codec)
  }

  /** The stored form; made anew for an object that is only decoded. */
  encode(): Uint8Array {
    if (this.bytes !== undefined) return this.bytes
    assert(this.object !== undefined && this.#codec !== undefined, 'what is not in bytes is decoded')
    return this.#codec.store(this.object)
  }
}

/** A write as somebody may see it who might change it: its value is copied when it is looked at. */
export function copyOfWrite({ key, expectedRevision, value }: Write<StoredObject>): Write<StoredObject> {
  if (value === undefined) return { key, expectedRevision }
  let copy: StoredObject | undefined
  return {
    key,
    expectedRevision,
    get value() {
      return (copy ??= value.copy())
    },
  }
}
