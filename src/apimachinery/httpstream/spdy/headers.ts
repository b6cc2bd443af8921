import { createInflate, type Inflate } from 'node:zlib'
import { headerDictionary } from './dictionary.ts'

/** Names in lower case. A value may hold several, separated by NUL on the wire. */
export type SPDYHeaders = ReadonlyMap<string, string>

/** A decompressed header block larger than this ends the connection. */
export const headerBlockBytesMax = 64 * 1024

const storedBlockBytesMax = 0xffff
const syncFlush = Buffer.from([0, 0, 0, 0xff, 0xff])

/**
 * Writes header blocks of one connection. They form one zlib stream; ours has only stored (uncompressed) blocks, so writing is
 * synchronous and the order of frames is the order of calls.
 */
export class HeaderEncoder {
  #started = false

  encode(headers: SPDYHeaders): Buffer {
    const block = headerBlock(headers)
    const parts: Buffer[] = []
    if (!this.#started) parts.push(Buffer.from([0x78, 0x01]))
    this.#started = true
    for (let offset = 0; offset < block.length; offset += storedBlockBytesMax) {
      const content = block.subarray(offset, offset + storedBlockBytesMax)
      const head = Buffer.alloc(5)
      head.writeUInt16LE(content.length, 1)
      head.writeUInt16LE(content.length ^ 0xffff, 3)
      parts.push(head, content)
    }
    // Without the empty block at the end a reader waits for more compressed bytes.
    parts.push(syncFlush)
    return Buffer.concat(parts)
  }
}

function headerBlock(headers: SPDYHeaders): Buffer {
  const parts: Buffer[] = [uint32(headers.size)]
  for (const [name, value] of headers) {
    for (const text of [name.toLowerCase(), value]) {
      const bytes = Buffer.from(text, 'utf8')
      parts.push(uint32(bytes.length), bytes)
    }
  }
  return Buffer.concat(parts)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Reads header blocks of one connection, which share one zlib stream: they must be given in the order of their frames, one at a time. */
export class HeaderDecoder {
  readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary })
  #parts: Buffer[] = []
  #length = 0
  #failure: Error | undefined
  #reject: ((error: Error) => void) | undefined

  constructor() {
    this.#inflate.on('data', (part: Buffer) => {
      this.#length += part.length
      // Beyond the limit nothing is kept: a small compressed block must not be able to fill our memory.
      if (this.#length <= headerBlockBytesMax) this.#parts.push(part)
    })
    this.#inflate.on('error', error => {
      this.#failure = error
      this.#reject?.(error)
    })
  }

  /** Rejects when the block is malformed; the connection cannot go on after that. */
  async decode(compressed: Buffer): Promise<SPDYHeaders> {
    if (this.#failure !== undefined) throw this.#failure
    await new Promise<void>((resolve, reject) => {
      this.#reject = reject
      this.#inflate.write(compressed, error => (error ? reject(error) : setImmediate(resolve)))
    })
    this.#reject = undefined
    if (this.#length > headerBlockBytesMax) throw new Error(`header block is larger than ${headerBlockBytesMax} bytes`)
    const block = Buffer.concat(this.#parts)
    this.#parts = []
    this.#length = 0
    return parseHeaderBlock(block)
  }

  close(): void {
    this.#inflate.close()
  }
}

function parseHeaderBlock(block: Buffer): SPDYHeaders {
  const headers = new Map<string, string>()
  let offset = 0
  const readLength = () => {
    if (offset + 4 > block.length) throw new Error('header block is cut short')
    offset += 4
    return block.readUInt32BE(offset - 4)
  }
  const readText = () => {
    const length = readLength()
    if (offset + length > block.length) throw new Error('header block is cut short')
    offset += length
    return block.toString('utf8', offset - length, offset)
  }
  for (let count = readLength(); count > 0; count--) {
    const name = readText().toLowerCase()
    headers.set(name, readText())
  }
  return headers
}
