const valuesMax = 1_000

/** Values that mostly are one of a few and that nobody changes, by a text that says what they are: of equal ones one is held. */
export class SharedValues<T> {
  readonly #values = new Map<string, T>()

  /** The one that was made of this text lately, or a new one. */
  get(text: string, make: (text: string) => T): T {
    let value = this.#values.get(text)
    if (value === undefined) {
      if (this.#values.size === valuesMax) this.#values.clear()
      this.#values.set(text, (value = make(text)))
    }
    return value
  }
}
