import type { ContainerLogOptions } from './log-options.ts'

const newline = 0x0a
const space = 0x20
const letterP = 0x50
const colon = 0x3a
const nanosecondDigits = 9

export type LogFormat = Pick<ContainerLogOptions, 'sinceMs' | 'timestamps' | 'stream' | 'limitBytes'>

/**
 * Turns lines of a CRI log (`TIME stdout|stderr TAGS TEXT`) into what the client reads. A line that the runtime has split (tag `P`) is
 * joined again. Lines that are no CRI log are left out, as upstream does.
 */
export class CRILogFormatter {
  readonly #format: LogFormat
  readonly #wanted: Buffer | undefined
  readonly #sinceSeconds: string
  #remaining: number
  #atLineStart = true

  constructor(format: LogFormat) {
    this.#format = format
    this.#wanted = format.stream === 'All' ? undefined : Buffer.from(format.stream.toLowerCase())
    // Text of equal form compares as time does; only lines of the very second need parsing.
    this.#sinceSeconds = format.sinceMs === undefined ? '' : new Date(format.sinceMs).toISOString().slice(0, 19)
    this.#remaining = format.limitBytes ?? Number.POSITIVE_INFINITY
  }

  /** True when the limit is reached: nothing more will come out. */
  get exhausted(): boolean {
    return this.#remaining <= 0
  }

  /** Formats whole lines. The last may lack its newline. */
  format(lines: Buffer): Buffer {
    const out: Buffer[] = []
    for (let start = 0; start < lines.length && !this.exhausted; ) {
      const found = lines.indexOf(newline, start)
      const end = found < 0 ? lines.length : found
      this.#formatLine(lines, start, end, found >= 0, out)
      start = end + 1
    }
    return out.length === 1 ? out[0]! : Buffer.concat(out)
  }

  #formatLine(bytes: Buffer, start: number, end: number, terminated: boolean, out: Buffer[]): void {
    const timeEnd = bytes.indexOf(space, start)
    const streamEnd = timeEnd < 0 ? -1 : bytes.indexOf(space, timeEnd + 1)
    const tagsEnd = streamEnd < 0 ? -1 : bytes.indexOf(space, streamEnd + 1)
    if (tagsEnd < 0 || tagsEnd >= end) return
    const streamLength = streamEnd - timeEnd - 1
    if (streamLength !== 6) return
    if (this.#wanted !== undefined && bytes.compare(this.#wanted, 0, 6, timeEnd + 1, streamEnd) !== 0) return
    if (this.#format.sinceMs !== undefined && this.#isOlder(bytes.toString('latin1', start, timeEnd))) return
    if (this.#format.timestamps && this.#atLineStart)
      this.#emit(Buffer.from(`${fixedTime(bytes.toString('latin1', start, timeEnd))} `), out)
    // Only the first of the tags (`F` or `P`, more may follow after colons) has a meaning.
    const isPartial = bytes[streamEnd + 1] === letterP && (tagsEnd === streamEnd + 2 || bytes[streamEnd + 2] === colon)
    const withNewline = !isPartial && terminated
    this.#emit(bytes.subarray(tagsEnd + 1, withNewline ? end + 1 : end), out)
    this.#atLineStart = withNewline
  }

  #isOlder(time: string): boolean {
    if (time.endsWith('Z')) {
      const seconds = time.slice(0, 19)
      if (seconds !== this.#sinceSeconds) return seconds < this.#sinceSeconds
    }
    return Date.parse(time) < this.#format.sinceMs!
  }

  #emit(bytes: Buffer, out: Buffer[]): void {
    const part = bytes.length > this.#remaining ? bytes.subarray(0, this.#remaining) : bytes
    this.#remaining -= part.length
    if (part.length > 0) out.push(part)
  }
}

/** RFC 3339 with nine digits after the second, as upstream prints it. */
function fixedTime(time: string): string {
  const [, seconds, fraction = '', zone] = /^([^.Z+]{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? []
  if (seconds === undefined) return time
  return `${seconds}.${fraction.padEnd(nanosecondDigits, '0').slice(0, nanosecondDigits)}${zone}`
}
