import { assert } from '#base/assert.ts'
import type { CacheEvent } from './cache-event.ts'

export interface EventHistoryLimits {
  eventsMax: number
  bytesMax: number
}

/** The newest events of a resource, oldest first, bounded by count and bytes. */
export class EventHistory {
  readonly #limits: EventHistoryLimits
  #events: CacheEvent[] = []
  /** Events before this index were dropped; they leave the array in bulk. */
  #start = 0
  #bytes = 0
  #floorRevision: number

  /** @param floorRevision events after this revision will be here */
  constructor(limits: EventHistoryLimits, floorRevision: number) {
    this.#limits = limits
    this.#floorRevision = floorRevision
  }

  /** Every event after this revision is here. */
  get floorRevision(): number {
    return this.#floorRevision
  }

  push(event: CacheEvent): void {
    assert(event.revision > (this.#events.at(-1)?.revision ?? this.#floorRevision), 'events come in revision order')
    this.#events.push(event)
    this.#bytes += event.entry.size
    while (this.#events.length - this.#start > this.#limits.eventsMax || this.#bytes > this.#limits.bytesMax) {
      const dropped = this.#events[this.#start++]!
      this.#bytes -= dropped.entry.size
      this.#floorRevision = dropped.revision
    }
    if (this.#start > 64 && this.#start > this.#events.length >>> 1) {
      this.#events = this.#events.slice(this.#start)
      this.#start = 0
    }
  }

  /** The events after `revision`, which is not below the floor. */
  after(revision: number): CacheEvent[] {
    assert(revision >= this.#floorRevision, 'history is asked only for what it has')
    let low = this.#start
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#events[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#events.slice(low)
  }
}
