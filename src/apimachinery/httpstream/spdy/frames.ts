/** Frame layout of SPDY draft 3.1, section 2.2 and 2.6. */
export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export const flagFin = 1

/** Status codes of RST_STREAM that we send. */
export const resetStatus = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5 } as const

export const frameHeadBytes = 8

/** A longer control frame is a protocol error. */
export const controlFrameBytesMax = 64 * 1024

/** Longer writes are cut, so that streams of one connection take turns. */
export const dataFrameBytesMax = 64 * 1024

const controlBit = 0x80
const version = 3
const streamIDMask = 0x7fff_ffff

export type FrameHead =
  | { control: true; type: number; flags: number; length: number }
  | { control: false; streamID: number; flags: number; length: number }

/** Reads the first 8 bytes of a frame. Throws when it is of another SPDY version. */
export function decodeFrameHead(bytes: Buffer): FrameHead {
  const flags = bytes[4]!
  const length = bytes.readUIntBE(5, 3)
  if ((bytes[0]! & controlBit) === 0) return { control: false, streamID: bytes.readUInt32BE(0), flags, length }
  const got = bytes.readUInt16BE(0) & 0x7fff
  if (got !== version) throw new Error(`SPDY version ${got} is not spoken here`)
  return { control: true, type: bytes.readUInt16BE(2), flags, length }
}

export function decodeStreamID(payload: Buffer, offset = 0): number {
  return payload.readUInt32BE(offset) & streamIDMask
}

/** The 8 bytes before the payload of a DATA frame. */
export function dataFrameHead(streamID: number, flags: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes)
  head.writeUInt32BE(streamID, 0)
  head.writeUInt32BE(flags * 2 ** 24 + length, 4)
  return head
}

export function synStreamFrame(streamID: number, flags: number, headerBlock: Buffer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt32BE(streamID)
  return controlFrame(frameType.synStream, flags, fixed, headerBlock)
}

export function synReplyFrame(streamID: number, headerBlock: Buffer): Buffer {
  return controlFrame(frameType.synReply, 0, uint32s(streamID), headerBlock)
}

export function rstStreamFrame(streamID: number, status: number): Buffer {
  return controlFrame(frameType.rstStream, 0, uint32s(streamID, status))
}

export function pingFrame(id: number): Buffer {
  return controlFrame(frameType.ping, 0, uint32s(id))
}

/** @param status 0 = done, 1 = protocol error */
export function goAwayFrame(lastStreamID: number, status: 0 | 1): Buffer {
  return controlFrame(frameType.goAway, 0, uint32s(lastStreamID, status))
}

function controlFrame(type: number, flags: number, ...payload: Buffer[]): Buffer {
  const head = Buffer.alloc(frameHeadBytes)
  head.writeUInt16BE(0x8000 | version)
  head.writeUInt16BE(type, 2)
  const length = payload.reduce((sum, part) => sum + part.length, 0)
  head.writeUInt32BE(flags * 2 ** 24 + length, 4)
  return Buffer.concat([head, ...payload])
}

function uint32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, 4 * index)
  })
  return bytes
}
