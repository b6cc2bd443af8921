import { newResourceExpired } from '#apimachinery/status/status.ts'
import type { Clock } from '#base/clock.ts'
import { type Fault, FaultRules, type Occurrences } from '#base/fault-rules.ts'
import { requireMilliseconds, requireOneOf } from '#base/known-fields.ts'
import type { ChangeType } from '../cacher/cache-event.ts'
import type { Entry } from '../cacher/entry.ts'
import type { APIResponse } from '../request/api-response.ts'
import { type EventFate, FaultyReceiver } from './faulty-receiver.ts'
import {
  copyOfRequest,
  type FaultableRequest,
  fits,
  fitsSender,
  type OneOf,
  requireSenderPattern,
  type SenderPattern,
} from './request-pattern.ts'

/** Which watches a fault concerns, and which of their events: `namespace` and `name` are those of the object that an event is about. */
export interface EventPattern extends SenderPattern {
  type?: ChangeType | readonly ChangeType[]
  namespace?: OneOf
  name?: OneOf
  /** Asked last. What it is given is its own. */
  where?: (event: WatchedEvent) => boolean
}

export interface WatchedEvent {
  readonly request: FaultableRequest
  readonly type: ChangeType
  readonly object: { readonly namespace: string; readonly name: string }
}

/** What is ordered. */
export type WatchFaultsState = FaultRules<WatchedEvent, EventFate>

/** What goes wrong with watches, those under way included. Every order can be taken back by disposing what it returns. */
export class WatchFaults {
  readonly #clock: Clock
  readonly #rules: WatchFaultsState
  readonly #watches = new Map<FaultyReceiver, FaultableRequest>()

  /** @param state of the faults of a server whose place is taken */
  constructor(clock: Clock, state?: WatchFaultsState) {
    this.#clock = clock
    this.#rules = state?.copy() ?? new FaultRules()
  }

  /** A copy. */
  get state(): WatchFaultsState {
    return this.#rules.copy()
  }

  /** Some events have not come yet. */
  get isHolding(): boolean {
    return this.#watches.keys().some(watch => watch.isHolding)
  }

  /** See `FaultRules.find`. */
  find(fault: Fault): Fault | undefined {
    return this.#rules.find(fault)
  }

  /** Events get lost, and nobody is told: the watcher stays wrong until the object changes again or it lists again. */
  drop(events: EventPattern, occurrences: Occurrences = {}): Fault {
    return this.#add(events, { isLost: true, delayMs: 0 }, occurrences)
  }

  /** Events come later, and with them whatever follows in the same watch. */
  delay(events: EventPattern, delayMs: number, occurrences: Occurrences = {}): Fault {
    return this.#add(events, { isLost: false, delayMs }, occurrences)
  }

  /** The connections of watches under way break. @returns how many */
  disconnect(watches: SenderPattern = {}): number {
    return this.#each(watches, watch => watch.break())
  }

  /** Watches under way end with 410 Expired: their clients have to list again. @returns how many */
  expire(watches: SenderPattern = {}): number {
    return this.#each(watches, watch => watch.end(newResourceExpired('too old resource version: a fault was injected').status))
  }

  /** Nothing more is ordered; what is delayed comes now. */
  clear(): void {
    this.#rules.clear()
    for (const watch of this.#watches.keys()) watch.release()
  }

  /** The same watch, whose events go through here. */
  through(request: FaultableRequest, response: APIResponse): APIResponse {
    const { body } = response
    if (body.type !== 'watch') return response
    const start: typeof body.start = receiver => {
      const faulty = new FaultyReceiver(receiver, {
        clock: this.#clock,
        fateOf: (type, entry) => this.#fateOf(request, type, entry),
        onEnd: () => this.#watches.delete(faulty),
      })
      this.#watches.set(faulty, request)
      return faulty.follow(body.start(faulty))
    }
    return { ...response, body: { ...body, start } }
  }

  #fateOf(request: FaultableRequest, type: ChangeType, entry: Entry): EventFate | undefined {
    if (this.#rules.isEmpty) return undefined
    const { fields } = entry
    const object = { namespace: fields['metadata.namespace'] ?? '', name: fields['metadata.name'] ?? '' }
    const fates = this.#rules.due({ request, type, object })
    return { isLost: fates.some(({ isLost }) => isLost), delayMs: Math.max(0, ...fates.map(({ delayMs }) => delayMs)) }
  }

  #add(pattern: EventPattern, fate: EventFate, occurrences: Occurrences): Fault {
    requireSenderPattern('which events', pattern, ['type', 'namespace', 'name', 'where'])
    for (const type of pattern.type === undefined ? [] : [pattern.type].flat())
      requireOneOf('the type of events', type, ['ADDED', 'MODIFIED', 'DELETED'])
    requireMilliseconds('a delay in milliseconds', fate.delayMs)
    const concerns = (event: WatchedEvent) =>
      fitsSender(pattern, event.request) &&
      fits(pattern.type, event.type) &&
      fits(pattern.namespace, event.object.namespace) &&
      fits(pattern.name, event.object.name) &&
      (pattern.where?.({ ...event, request: copyOfRequest(event.request), object: { ...event.object } }) ?? true)
    return this.#rules.add(concerns, fate, occurrences)
  }

  #each(pattern: SenderPattern, act: (watch: FaultyReceiver) => void): number {
    const meant = [...this.#watches].filter(([, request]) => fitsSender(pattern, request))
    for (const [watch] of meant) act(watch)
    return meant.length
  }
}
