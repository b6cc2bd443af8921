import { formatTimestamp } from './timestamp.ts'

/** Longer lines are split, as containerd does. */
const lineBytesMax = 16 * 1024
const newline = 0x0a
const nothing = Buffer.alloc(0)

/** Turns what a container writes to one stream into lines of the CRI log format: `TIME stdout|stderr F|P TEXT`. */
export class LogWriter {
  readonly #stream: 'stdout' | 'stderr'
  readonly #timestamp: () => number
  #rest: Buffer = nothing

  /** @param timestamp the time of the next line, in milliseconds with fractions */
  constructor(stream: 'stdout' | 'stderr', timestamp: () => number) {
    this.#stream = stream
    this.#timestamp = timestamp
  }

  /** The lines that are complete now; a line without its end waits. */
  write(data: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    const lines: Buffer[] = []
    let start = 0
    while (start < bytes.length) {
      const end = bytes.indexOf(newline, start)
      const length = (end < 0 ? bytes.length : end) - start
      if (length > lineBytesMax) {
        lines.push(...this.#line('P', bytes.subarray(start, start + lineBytesMax)))
        start += lineBytesMax
      } else if (end < 0) break
      else {
        lines.push(...this.#line('F', bytes.subarray(start, end)))
        start = end + 1
      }
    }
    // A copy: the writer may use its buffer again.
    this.#rest = start === bytes.length ? nothing : Buffer.from(bytes.subarray(start))
    return Buffer.concat(lines)
  }

  /** What is left when the container has ended. */
  end(): Buffer {
    const rest = this.#rest
    this.#rest = nothing
    return rest.length === 0 ? nothing : Buffer.concat(this.#line('P', rest))
  }

  #line(tag: 'F' | 'P', text: Buffer): Buffer[] {
    return [Buffer.from(`${formatTimestamp(this.#timestamp())} ${this.#stream} ${tag} `), text, newlineBytes]
  }
}

const newlineBytes = Buffer.from([newline])
