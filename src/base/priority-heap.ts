/** A binary heap that also removes from the middle. `isBefore` must be a strict order; equal items keep no order. */
export class PriorityHeap<T> {
  readonly #isBefore: (left: T, right: T) => boolean
  readonly #items: T[] = []
  readonly #places = new Map<T, number>()

  constructor(isBefore: (left: T, right: T) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  /** The item that `pop` would give. */
  get first(): T | undefined {
    return this.#items[0]
  }

  /** Adds an item; one that is in the heap already stays where it is. */
  push(item: T): void {
    if (this.#places.has(item)) return
    this.#place(item, this.#items.length)
    this.#rise(this.#items.length - 1)
  }

  pop(): T | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.remove(first)
    return first
  }

  remove(item: T): boolean {
    const index = this.#places.get(item)
    if (index === undefined) return false
    this.#places.delete(item)
    const last = this.#items.pop()!
    if (index < this.#items.length) {
      this.#place(last, index)
      this.#rise(index)
      this.#sink(this.#places.get(last)!)
    }
    return true
  }

  #place(item: T, index: number): void {
    this.#items[index] = item
    this.#places.set(item, index)
  }

  #rise(from: number): void {
    const item = this.#items[from]!
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#isBefore(item, this.#items[parent]!)) break
      this.#place(this.#items[parent]!, index)
      index = parent
    }
    this.#place(item, index)
  }

  #sink(from: number): void {
    const item = this.#items[from]!
    let index = from
    for (;;) {
      let child = 2 * index + 1
      if (child >= this.#items.length) break
      if (child + 1 < this.#items.length && this.#isBefore(this.#items[child + 1]!, this.#items[child]!)) child += 1
      if (!this.#isBefore(this.#items[child]!, item)) break
      this.#place(this.#items[child]!, index)
      index = child
    }
    this.#place(item, index)
  }
}
