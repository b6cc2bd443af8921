import { formatTime, parseTime } from '#apimachinery/meta/v1/time.ts'
import type { Event } from '#api/core/v1/types.gen.ts'
import { LRUMap } from './lru-map.ts'

/** client-go's defaults (`tools/record`, EventCorrelator). */
export const correlatorLimits = {
  cacheEntriesMax: 4096,
  /** Events of one object and reason that differ only in their message, before they are combined into one. */
  similarEventsMax: 10,
  similarEventsIntervalMs: 600_000,
  /** Events that one source may send about one object at once, and how fast that budget grows again. */
  spamBurst: 25,
  spamRefillMs: 300_000,
} as const

export type CorrelatedEvent =
  | { action: 'skip' }
  | { action: 'create'; event: Event; key: string }
  /** The same thing happened again: only these fields of the stored event change. */
  | { action: 'patch'; event: Event; key: string; patch: { count: number; lastTimestamp: string; message: string } }

interface Observation {
  name: string
  count: number
  firstTimestamp: string
}

interface Budget {
  tokens: number
  atMs: number
}

interface SimilarEvents {
  messages: Set<string>
  atMs: number
}

/** What is remembered, the oldest first. */
export interface CorrelatorState {
  budgets: readonly (readonly [string, Budget])[]
  similar: readonly (readonly [string, SimilarEvents])[]
  observed: readonly (readonly [string, Observation])[]
}

/**
 * Keeps repeated events from flooding the API, with client-go's three rules: a rate limit for each source and object, combination of
 * similar events, and counting of equal ones. Synchronous; the caller writes what comes out.
 */
export class EventCorrelator {
  readonly #budgets: LRUMap<string, Budget>
  readonly #similar: LRUMap<string, SimilarEvents>
  readonly #observed: LRUMap<string, Observation>

  /** @param state of a correlator that this one takes the place of */
  constructor(state: CorrelatorState = { budgets: [], similar: [], observed: [] }) {
    const { cacheEntriesMax } = correlatorLimits
    this.#budgets = new LRUMap(cacheEntriesMax, state.budgets)
    this.#similar = new LRUMap(cacheEntriesMax, copyOf(state.similar))
    this.#observed = new LRUMap(cacheEntriesMax, state.observed)
  }

  /** A copy. */
  get state(): CorrelatorState {
    return { budgets: [...this.#budgets], similar: copyOf(this.#similar), observed: [...this.#observed] }
  }

  correlate(incoming: Event): CorrelatedEvent {
    const nowMs = parseTime(incoming.lastTimestamp) ?? 0
    const { event, key } = this.#combine(incoming, nowMs)
    const observed = this.#observe(event, key)
    if (!this.#takeToken(event, nowMs)) return { action: 'skip' }
    return observed
  }

  /** Forgets that an event was stored, so that its next occurrence is created anew. */
  forget(key: string): void {
    this.#observed.delete(key)
  }

  #combine(event: Event, nowMs: number): { event: Event; key: string } {
    const groupKey = similarKeyOf(event)
    const known = this.#similar.get(groupKey)
    const fresh = known === undefined || nowMs - known.atMs > correlatorLimits.similarEventsIntervalMs
    const messages = fresh ? new Set<string>() : known.messages
    messages.add(event.message ?? '')
    this.#similar.set(groupKey, { messages, atMs: nowMs })
    if (messages.size < correlatorLimits.similarEventsMax) return { event, key: equalKeyOf(event) }
    for (const any of messages) {
      messages.delete(any)
      break
    }
    return { event: { ...event, message: `(combined from similar events): ${event.message ?? ''}` }, key: groupKey }
  }

  #observe(event: Event, key: string): CorrelatedEvent {
    const last = this.#observed.get(key)
    if (last === undefined) {
      const firstTimestamp = event.firstTimestamp ?? formatTime(0)
      this.#observed.set(key, { name: event.metadata.name, count: event.count ?? 1, firstTimestamp })
      return { action: 'create', event, key }
    }
    const { name, firstTimestamp } = last
    const count = last.count + 1
    this.#observed.set(key, { name, count, firstTimestamp })
    const repeated = { ...event, metadata: { ...event.metadata, name }, firstTimestamp, count }
    const patch = { count, lastTimestamp: event.lastTimestamp ?? firstTimestamp, message: event.message ?? '' }
    return { action: 'patch', event: repeated, key, patch }
  }

  #takeToken(event: Event, nowMs: number): boolean {
    const key = budgetKeyOf(event)
    const { spamBurst, spamRefillMs } = correlatorLimits
    const last = this.#budgets.get(key) ?? { tokens: spamBurst, atMs: nowMs }
    const tokens = Math.min(spamBurst, last.tokens + Math.max(0, nowMs - last.atMs) / spamRefillMs)
    const taken = tokens >= 1
    this.#budgets.set(key, { tokens: taken ? tokens - 1 : tokens, atMs: nowMs })
    return taken
  }
}

/** Of what is remembered only the messages change in place. */
function copyOf(similar: Iterable<readonly [string, SimilarEvents]>): [string, SimilarEvents][] {
  return [...similar].map(([key, { messages, atMs }]) => [key, { messages: new Set(messages), atMs }])
}

function objectKeyOf(event: Event): string {
  const { kind, namespace, name, uid, apiVersion } = event.involvedObject
  return [event.source?.component, event.source?.host, kind, namespace, name, uid, apiVersion, event.type].join('\0')
}

const budgetKeyOf = (event: Event): string => objectKeyOf(event)

const similarKeyOf = (event: Event): string =>
  [objectKeyOf(event), event.reason, event.reportingComponent, event.reportingInstance].join('\0')

const equalKeyOf = (event: Event): string => [objectKeyOf(event), event.involvedObject.fieldPath, event.reason, event.message].join('\0')
