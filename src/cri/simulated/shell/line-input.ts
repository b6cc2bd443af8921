import type { Interruption } from './interruption.ts'

/** The input of a shell: it takes lines one by one, and its commands take what it has not taken. An empty part ends it for who reads then. */
export class LineInput implements AsyncIterable<Uint8Array> {
  readonly #parts: AsyncIterator<Uint8Array>
  /** Asked for and not there yet: an interruption leaves it to who asks next. */
  #next: Promise<IteratorResult<Uint8Array>> | undefined
  #rest = Buffer.alloc(0)
  interruption: Interruption | undefined

  constructor(parts: AsyncIterable<Uint8Array>) {
    this.#parts = parts[Symbol.asyncIterator]()
  }

  /** The next line with its end; undefined at the end of the input. @throws Interrupted */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n') + 1
      if (end > 0) return this.#take(end).toString()
      const part = await this.#read()
      if (part === undefined) return this.#rest.length === 0 ? undefined : this.#take(this.#rest.length).toString()
      this.#rest = Buffer.concat([this.#rest, part])
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#rest.length > 0) yield this.#take(this.#rest.length)
    for (let part = await this.#read(); part !== undefined; part = await this.#read()) yield part
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }

  async #read(): Promise<Uint8Array | undefined> {
    this.#next ??= this.#parts.next()
    const { done, value } = await (this.interruption?.race(this.#next) ?? this.#next)
    this.#next = undefined
    return done === true || value.length === 0 ? undefined : value
  }
}
