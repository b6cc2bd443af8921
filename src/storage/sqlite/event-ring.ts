import { assert } from '#base/assert.ts'
import type { StorageEvent } from '../storage.ts'

export interface EventRingLimits {
  eventsMax: number
  /** Of values; the newest event stays, whatever its size. */
  bytesMax: number
}

/** The most recent events, without gap. */
export class EventRing {
  readonly #limits: EventRingLimits
  #events: (StorageEvent | undefined)[] = []
  /** Where the oldest kept event lies in `#events`. */
  #head = 0
  #sizeBytes = 0
  #newestRevision: number

  constructor(limits: EventRingLimits, newestRevision: number) {
    this.#limits = limits
    this.#newestRevision = newestRevision
  }

  /** The ring has every event after this revision. */
  get floorRevision(): number {
    return this.#newestRevision - (this.#events.length - this.#head)
  }

  push(events: readonly StorageEvent[]): void {
    for (const event of events) {
      assert(event.revision === this.#newestRevision + 1, 'events come without gap', () => event.revision)
      this.#newestRevision = event.revision
      this.#events.push(event)
      this.#sizeBytes += event.value.length
    }
    this.#evict()
  }

  /** The event that made `revision`, if it is still kept. */
  at(revision: number): StorageEvent | undefined {
    const offset = revision - this.floorRevision - 1
    return offset < 0 ? undefined : this.#events[this.#head + offset]
  }

  /** Every event after `revision`, which must not be before the floor. */
  after(revision: number): StorageEvent[] {
    assert(revision >= this.floorRevision, 'the ring still has what is asked for', () => ({ revision, floor: this.floorRevision }))
    return this.#events.slice(this.#head + revision - this.floorRevision) as StorageEvent[]
  }

  #evict(): void {
    const { eventsMax, bytesMax } = this.#limits
    let kept = this.#events.length - this.#head
    while (kept > 1 && (kept > eventsMax || this.#sizeBytes > bytesMax)) {
      this.#sizeBytes -= this.#events[this.#head]!.value.length
      this.#events[this.#head++] = undefined
      kept--
    }
    if (this.#head < kept) return
    this.#events.splice(0, this.#head)
    this.#head = 0
  }
}
