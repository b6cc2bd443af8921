import { assert } from '#base/assert.ts'
import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'

const chunkItemsMax = 512

/**
 * A map from strings to values that is iterated in key order (by code unit). Values are kept in sorted chunks, so that an insertion moves
 * at most one chunk however big the map is.
 */
export class OrderedMap<V extends { readonly key: string }> {
  readonly #byKey: CopyOnWriteMap<string, V>
  /** Never empty chunks, in order. */
  readonly #chunks: V[][]

  /** @param other one to begin as a copy of */
  constructor(other?: OrderedMap<V>) {
    this.#byKey = other === undefined ? new CopyOnWriteMap() : other.#byKey.copy()
    this.#chunks = other === undefined ? [] : other.#chunks.map(chunk => chunk.slice())
  }

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): V | undefined {
    return this.#byKey.get(key)
  }

  /** Inserts or replaces the value of its key. */
  set(value: V): void {
    const known = this.#byKey.has(value.key)
    this.#byKey.set(value.key, value)
    const chunkIndex = this.#chunkFor(value.key)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) {
      this.#chunks.push([value])
      return
    }
    const index = positionIn(chunk, value.key)
    if (known) {
      assert(chunk[index]?.key === value.key, 'a known key is in its chunk')
      chunk[index] = value
      return
    }
    chunk.splice(index, 0, value)
    if (chunk.length > chunkItemsMax) this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(chunkItemsMax >>> 1))
  }

  delete(key: string): V | undefined {
    const value = this.#byKey.get(key)
    if (value === undefined) return undefined
    this.#byKey.delete(key)
    const chunkIndex = this.#chunkFor(key)
    const chunk = this.#chunks[chunkIndex]!
    const index = positionIn(chunk, key)
    assert(chunk[index]?.key === key, 'a known key is in its chunk')
    chunk.splice(index, 1)
    if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1)
    return value
  }

  /**
   * The values whose key starts with `prefix` and, with `startAfter`, comes after that key. A copy: later changes do not show.
   * @param startAfter must start with `prefix`
   */
  under(prefix: string, startAfter?: string): V[] {
    const result: V[] = []
    const from = startAfter ?? prefix
    let chunkIndex = this.#chunkFor(from)
    let chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return result
    let index = positionIn(chunk, from)
    if (startAfter !== undefined && chunk[index]?.key === startAfter) index++
    while (chunk !== undefined) {
      for (; index < chunk.length; index++) {
        const value = chunk[index]!
        if (!value.key.startsWith(prefix)) return result
        result.push(value)
      }
      chunk = this.#chunks[++chunkIndex]
      index = 0
    }
    return result
  }

  /** The chunk that has the key, or where it would go: the last one that starts at or before it. */
  #chunkFor(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]![0]!.key <= key) low = middle + 1
      else high = middle
    }
    return Math.max(low - 1, 0)
  }
}

/** How many items of the chunk come before `key`. */
function positionIn(chunk: readonly { readonly key: string }[], key: string): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (chunk[middle]!.key < key) low = middle + 1
    else high = middle
  }
  return low
}
