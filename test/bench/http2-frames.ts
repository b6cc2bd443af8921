/** The part of HTTP/2 (RFC 9113) and of HPACK (RFC 7541) that a client without a dynamic table needs. */

export const frameType = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8, continuation: 9 } as const
export const frameFlag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const
export const setting = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4 } as const
export const frameHeaderBytes = 9
export const frameBytesMax = 16_384
export const defaultWindowBytes = 65_535
export const windowBytesMax = 2 ** 31 - 1

export function encodeFrame(type: number, flags: number, streamID: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + payload.length)
  frame.writeUIntBE(payload.length, 0, 3)
  frame[3] = type
  frame[4] = flags
  frame.writeUInt32BE(streamID, 5)
  payload.copy(frame, frameHeaderBytes)
  return frame
}

export function encodeSettings(settings: Record<number, number>): Buffer {
  const entries = Object.entries(settings)
  const payload = Buffer.alloc(entries.length * 6)
  entries.forEach(([id, value], index) => {
    payload.writeUInt16BE(Number(id), index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  })
  return encodeFrame(frameType.settings, 0, 0, payload)
}

export function encodeWindowUpdate(streamID: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return encodeFrame(frameType.windowUpdate, 0, streamID, payload)
}

/** Indexes of names in HPACK's static table. */
const nameIndex: Record<string, number> = { ':authority': 1, ':method': 2, ':path': 4 }
const schemeHTTPS = 0x87

/** A block of literals without indexing: the same bytes on every connection. Pseudo-headers must come first. */
export function encodeHeaderBlock(headers: Record<string, string>): Buffer {
  const parts: Buffer[] = [Buffer.from([schemeHTTPS])]
  for (const [name, value] of Object.entries(headers)) {
    const index = nameIndex[name]
    parts.push(index === undefined ? Buffer.concat([Buffer.from([0]), encodeString(name)]) : Buffer.from([index]), encodeString(value))
  }
  return Buffer.concat(parts)
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

const staticStatus = [200, 204, 206, 304, 400, 404, 500]
const firstStaticStatus = 8

/** The value of `:status`, which servers send first. */
export function decodeStatus(block: Buffer): number {
  let offset = 0
  // Changes of the dynamic table's size, which is 0.
  while ((block[offset]! & 0xe0) === 0x20) offset += 1
  const first = block[offset]!
  if (first & 0x80) return staticStatus[(first & 0x7f) - firstStaticStatus]!
  const length = block[offset + 1]! & 0x7f
  const value = block.subarray(offset + 2, offset + 2 + length)
  return Number((block[offset + 1]! & 0x80) === 0 ? value.toString('latin1') : decodeHuffmanDigits(value))
}

/** HPACK's code of the digits: 5 bits for 0 to 2, 6 bits (25 to 31) for 3 to 9. */
function decodeHuffmanDigits(bytes: Buffer): string {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  let text = ''
  for (let offset = 0; offset + 5 <= bits.length; ) {
    const short = Number.parseInt(bits.slice(offset, offset + 5), 2)
    const long = Number.parseInt(bits.slice(offset, offset + 6), 2)
    if (short <= 2) text += short
    else if (long >= 25 && long <= 31) text += long - 22
    else break
    offset += short <= 2 ? 5 : 6
  }
  return text
}
