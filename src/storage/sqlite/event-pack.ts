import { assert } from '#base/assert.ts'
import type { StorageEvent } from '../storage.ts'

/** Events on their way between threads: a few flat arrays, because cloning many small objects costs more. */
export interface PackedEvents {
  keys: string[]
  /** `fieldsPerEvent` numbers each: revision, createRevision, previousRevision, 1 for a delete, bytes of the value. */
  numbers: number[]
  /** The values, one after the other, in a buffer of their own that can be transferred. */
  bytes: Uint8Array<ArrayBuffer>
}

const fieldsPerEvent = 5

/** Packs events; with `deletedValues: false` the value of a delete is left out. */
export function packEvents(events: readonly StorageEvent[], options: { deletedValues: boolean }): PackedEvents {
  const keys: string[] = []
  const numbers: number[] = []
  let sizeBytes = 0
  for (const event of events) {
    const length = event.type === 'put' || options.deletedValues ? event.value.length : 0
    keys.push(event.key)
    numbers.push(event.revision, event.createRevision, event.previousRevision, event.type === 'delete' ? 1 : 0, length)
    sizeBytes += length
  }
  const bytes = Buffer.allocUnsafeSlow(sizeBytes)
  let offset = 0
  for (const [index, event] of events.entries()) {
    if (numbers[index * fieldsPerEvent + 4] === 0) continue
    bytes.set(event.value, offset)
    offset += event.value.length
  }
  return { keys, numbers, bytes }
}

/** The events packed; their values are views on one buffer. */
export function unpackEvents(packed: PackedEvents): StorageEvent[] {
  assert(packed.numbers.length === packed.keys.length * fieldsPerEvent, 'every packed event has its numbers')
  let offset = 0
  return packed.keys.map((key, index) => {
    const at = index * fieldsPerEvent
    const length = packed.numbers[at + 4]!
    const value = packed.bytes.subarray(offset, offset + length)
    offset += length
    return {
      type: packed.numbers[at + 3] === 1 ? 'delete' : 'put',
      key,
      revision: packed.numbers[at]!,
      createRevision: packed.numbers[at + 1]!,
      previousRevision: packed.numbers[at + 2]!,
      value,
    }
  })
}
