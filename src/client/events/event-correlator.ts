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
  /** Different ones, in the order in which they came first. */
  messages: readonly string[]
  atMs: number
}

/**
 * Keeps repeated events from flooding the API, with client-go's three rules: a rate limit for each source and object, combination of
 * similar events, and counting of equal ones. Synchronous; the caller writes what comes out.
 */
export class EventCorrelator {
  // What is in them is replaced, never changed: copies share it.
  #budgets = new LRUMap<string, Budget>(correlatorLimits.cacheEntriesMax)
  #similar = new LRUMap<string, SimilarEvents>(correlatorLimits.cacheEntriesMax)
  #observed = new LRUMap<string, Observation>(correlatorLimits.cacheEntriesMax)

  /** One that remembers the same, and then goes its own way. */
  copy(): EventCorrelator {
    const copy = new EventCorrelator()
    copy.#budgets = this.#budgets.copy()
    copy.#similar = this.#similar.copy()
    copy.#observed = this.#observed.copy()
    return copy
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
    const message = event.message ?? ''
    const before = fresh ? [] : known.messages
    const messages = before.includes(message) ? before : [...before, message]
    const isFlood = messages.length >= correlatorLimits.similarEventsMax
    this.#similar.set(groupKey, { messages: isFlood ? messages.slice(1) : messages, atMs: nowMs })
    if (!isFlood) return { event, key: equalKeyOf(event) }
    return { event: { ...event, message: `(combined from similar events): ${message}` }, key: groupKey }
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

function objectKeyOf(event: Event): string {
  const { kind, namespace, name, uid, apiVersion } = event.involvedObject
  return [event.source?.component, event.source?.host, kind, namespace, name, uid, apiVersion, event.type].join('\0')
}

const budgetKeyOf = (event: Event): string => objectKeyOf(event)

const similarKeyOf = (event: Event): string =>
  [objectKeyOf(event), event.reason, event.reportingComponent, event.reportingInstance].join('\0')

const equalKeyOf = (event: Event): string => [objectKeyOf(event), event.involvedObject.fieldPath, event.reason, event.message].join('\0')
