import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'

/** What one source has said about an object. Replaced, never changed: copies share it. */
export interface SaidAboutObject {
  /** Events that may be sent about it at once, at that time. */
  readonly tokens: number
  readonly atSeconds: number
  /** What was used last comes last. */
  readonly similar: readonly SimilarEvents[]
  readonly observed: readonly ObservedEvent[]
}

/** In the order of use the lower number comes first. */
interface Used {
  readonly use: number
}

/** Events of one type and reason. */
export interface SimilarEvents extends Used {
  readonly type: string | undefined
  readonly reason: string | undefined
  /** Different ones, in the order in which they came first. Mostly there is only one. */
  readonly messages: string | readonly string[]
  readonly atSeconds: number
}

/** An event that was sent and is counted when it comes again. */
export interface ObservedEvent extends Used {
  readonly type: string | undefined
  readonly reason: string | undefined
  readonly fieldPath: string | undefined
  /** Undefined for what similar events were combined into. */
  readonly message: string | undefined
  readonly name: string
  readonly count: number
  readonly firstTimestamp: string
}

/**
 * Remembers so many objects, so many similar and so many observed events, and forgets what was not used for longest, as three caches would.
 * All about one object lies together, for there may be thousands of sources: keys of each event would take more room than the rest.
 */
export class EventMemory {
  readonly #entriesMax: number
  /** From the one that was not used for longest to the newest. */
  #objects = new CopyOnWriteMap<string, SaidAboutObject>()
  #similarCount = 0
  #observedCount = 0
  #uses = 0

  /** @param entriesMax of each of the three */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  /** Another one that holds the same, which costs nothing until one of the two is used. */
  copy(): EventMemory {
    const copy = new EventMemory(this.#entriesMax)
    copy.#objects = this.#objects.copy()
    copy.#similarCount = this.#similarCount
    copy.#observedCount = this.#observedCount
    copy.#uses = this.#uses
    return copy
  }

  /** The number of the use that begins. */
  nextUse(): number {
    return this.#uses++
  }

  get(object: string): SaidAboutObject | undefined {
    return this.#objects.get(object)
  }

  set(object: string, said: SaidAboutObject): void {
    this.#count(this.#objects.get(object), -1)
    this.#objects.delete(object)
    this.#count(said, 1)
    this.#objects.set(object, said)
    if (this.#objects.size > this.#entriesMax) this.#forgetObject()
    if (this.#similarCount > this.#entriesMax) this.#forgetEvent('similar')
    if (this.#observedCount > this.#entriesMax) this.#forgetEvent('observed')
  }

  #count(said: SaidAboutObject | undefined, sign: 1 | -1): void {
    if (said === undefined) return
    this.#similarCount += sign * said.similar.length
    this.#observedCount += sign * said.observed.length
  }

  /** With all its events: since the newest of them as many others came as there were other objects. */
  #forgetObject(): void {
    for (const [object, said] of this.#objects) {
      this.#count(said, -1)
      this.#objects.delete(object)
      return
    }
  }

  #forgetEvent(kind: 'similar' | 'observed'): void {
    let oldest = { object: '', use: Number.POSITIVE_INFINITY }
    for (const [object, { [kind]: events }] of this.#objects) {
      const use = events[0]?.use ?? Number.POSITIVE_INFINITY
      if (use < oldest.use) oldest = { object, use }
    }
    const said = this.#objects.get(oldest.object)!
    const now = { ...said, [kind]: said[kind].slice(1) }
    this.#count(said, -1)
    this.#count(now, 1)
    // It keeps its place among the objects.
    this.#objects.set(oldest.object, now)
  }
}
