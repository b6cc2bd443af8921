const startBytes = 256 * 1024

/** Writes protobuf into one buffer that grows. Empty messages are written too. */
export class ProtobufWriter {
  #buffer = Buffer.allocUnsafe(startBytes)
  #length = 0

  /** What was written so far. */
  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length))
  }

  text(number: number, value: string): void {
    const bytes = Buffer.byteLength(value)
    this.#reserve(bytes + 20)
    this.#varint(number * 8 + 2)
    this.#varint(bytes)
    this.#length += this.#buffer.write(value, this.#length, 'utf8')
  }

  /** False is the default and not written. */
  flag(number: number, value: boolean | undefined): void {
    if (value !== true) return
    this.#reserve(20)
    this.#varint(number * 8)
    this.#varint(1)
  }

  /** @param write writes the fields of the message */
  message(number: number, write: () => void): void {
    this.#reserve(20)
    this.#varint(number * 8 + 2)
    const start = this.#length
    write()
    // The length stands before the content, and is known after it.
    const bytes = this.#length - start
    const gap = varintBytes(bytes)
    this.#reserve(gap)
    this.#buffer.copyWithin(start + gap, start, this.#length)
    this.#length = start
    this.#varint(bytes)
    this.#length += bytes
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#length++] = rest
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}
