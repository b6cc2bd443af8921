/** One copy of each of a few strings that come again and again. */
export class StringPool {
  readonly #strings = new Map<string, string>()
  readonly #stringsMax: number

  constructor(stringsMax: number) {
    this.#stringsMax = stringsMax
  }

  /** The same string, shared with all who asked for it. */
  of(text: string): string {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    // Somebody may invent ever new ones.
    if (this.#strings.size >= this.#stringsMax) this.#strings.clear()
    this.#strings.set(text, text)
    return text
  }
}
