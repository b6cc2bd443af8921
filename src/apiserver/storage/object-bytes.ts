import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { apiVersionOf, type GroupVersionKind } from '#apimachinery/resource/resource-info.ts'
import { assert } from '#base/assert.ts'

const newline = 10
const comma = 44
const sharedBytesMax = 1024

/**
 * The two byte forms of an object. *Stored*: JSON without resourceVersion that starts with a constant prefix,
 * `{"kind":…,"apiVersion":…,"metadata":{`. *Served*: the same with `"resourceVersion":"N",` after the prefix, and a newline at the end.
 */
export class ObjectBytes {
  readonly #kind: string
  readonly #apiVersion: string
  readonly #prefixLength: number

  constructor(gvk: GroupVersionKind) {
    this.#kind = gvk.kind
    this.#apiVersion = apiVersionOf(gvk)
    this.#prefixLength = Buffer.byteLength(
      `{"kind":${JSON.stringify(this.#kind)},"apiVersion":${JSON.stringify(this.#apiVersion)},"metadata":{`,
    )
  }

  /** The stored form. `object` is not changed. */
  store(object: KubeObject): Buffer {
    const { kind: _kind, apiVersion: _apiVersion, metadata, ...others } = object
    const { resourceVersion: _resourceVersion, ...stored } = metadata
    return Buffer.from(JSON.stringify({ kind: this.#kind, apiVersion: this.#apiVersion, metadata: stored, ...others }))
  }

  /** The served form of a stored value. */
  serve(stored: Uint8Array, revision: number): Buffer {
    const version = `"resourceVersion":"${revision}",`
    const prefixLength = this.#prefixLength
    assert(stored.length > prefixLength, 'a stored object is longer than its prefix')
    const served = allocate(stored.length + version.length + 1)
    served.set(stored.subarray(0, prefixLength))
    served.write(version, prefixLength, 'latin1')
    served.set(stored.subarray(prefixLength), prefixLength + version.length)
    served[served.length - 1] = newline
    return served
  }

  /** The served form of an object that is not stored (a dry run): without resourceVersion. */
  serveUnversioned(stored: Uint8Array): Buffer {
    return Buffer.concat([stored, Buffer.of(newline)])
  }

  /** A served form with another resourceVersion: that of a deletion. */
  serveAgain(served: Buffer, revision: number): Buffer {
    return this.serve(this.#storedPart(served), revision)
  }

  /** True if storing `stored` would change nothing about the object that is served as `served`. */
  isSame(served: Buffer, stored: Buffer): boolean {
    const end = this.#versionEnd(served)
    const rest = stored.length - this.#prefixLength
    return served.length - 1 - end === rest && served.compare(stored, this.#prefixLength, stored.length, end, served.length - 1) === 0
  }

  parse(served: Buffer): KubeObject {
    return JSON.parse(served.toString('utf8')) as KubeObject
  }

  #storedPart(served: Buffer): Buffer {
    const end = this.#versionEnd(served)
    return Buffer.concat([served.subarray(0, this.#prefixLength), served.subarray(end, served.length - 1)])
  }

  /** Where what follows `"resourceVersion":"N",` starts. */
  #versionEnd(served: Buffer): number {
    return served.indexOf(comma, this.#prefixLength) + 1
  }
}

/** Long-lived bytes do not share a slab with others, whose end they would have to wait for. */
function allocate(bytes: number): Buffer {
  return bytes < sharedBytesMax ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes)
}

/** What a served form is without its newline: for lists and watch events. */
export function withoutNewline(served: Buffer): Buffer {
  return served.subarray(0, served.length - 1)
}
