import type { Readable } from 'node:stream'
import type { TerminalSize } from './session.ts'

const pendingTextMax = 1024

/** Terminal sizes of a resize channel: JSON objects one after another, of which a late reader sees the newest. */
export class Resizes implements AsyncIterable<TerminalSize> {
  #newest: TerminalSize | undefined
  #ended = false
  #wake: (() => void) | undefined
  #pending = ''

  /** @param source undefined: no size ever comes */
  constructor(source: Readable | undefined) {
    if (source === undefined) {
      this.#ended = true
      return
    }
    source.setEncoding('utf8')
    source.on('data', (text: string) => this.#receive(text))
    source.on('error', () => this.#end())
    source.on('close', () => this.#end())
    source.on('end', () => this.#end())
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TerminalSize, void, undefined> {
    for (;;) {
      const size = this.#newest
      this.#newest = undefined
      if (size !== undefined) yield size
      else if (this.#ended) return
      else {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    }
  }

  #receive(text: string): void {
    const parts = (this.#pending + text).split('}')
    // What is longer than any size is garbage; forgetting it keeps the channel usable.
    this.#pending = parts.pop()!.slice(0, pendingTextMax)
    for (const part of parts) {
      const size = parseSize(`${part}}`)
      if (size === undefined) continue
      this.#newest = size
      this.#wake?.()
    }
  }

  #end(): void {
    this.#ended = true
    this.#wake?.()
  }
}

/** Field names match in any case, as in Go. */
function parseSize(text: string): TerminalSize | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const fields = new Map(Object.entries(parsed).map(([name, value]) => [name.toLowerCase(), value]))
  const dimension = (name: string) => {
    const value = fields.get(name) ?? 0
    return Number.isInteger(value) && value >= 0 && value <= 0xffff ? (value as number) : undefined
  }
  const width = dimension('width')
  const height = dimension('height')
  return width === undefined || height === undefined ? undefined : { width, height }
}
