import { formatTime, parseTime } from '#apimachinery/meta/v1/time.ts'
import type { Event, ObjectReference } from '#api/core/v1/types.gen.ts'
import { EventMemory, type ObservedEvent, type SaidAboutObject, type SimilarEvents } from './event-memory.ts'

/** client-go's defaults (`tools/record`, EventCorrelator). */
export const correlatorLimits = {
  /** Of objects, of similar and of observed events. */
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
  | { action: 'create'; event: Event }
  /** The same thing happened again: only these fields of the stored event change. */
  | { action: 'patch'; event: Event; patch: { count: number; lastTimestamp: string; message: string } }

const nothingSaid: SaidAboutObject = { tokens: correlatorLimits.spamBurst, atSeconds: 0, similar: [], observed: [] }

/**
 * Keeps repeated events of one source from flooding the API, with client-go's three rules: a rate limit for each object, combination of
 * similar events, and counting of equal ones. Synchronous; the caller writes what comes out.
 */
export class EventCorrelator {
  #memory: EventMemory

  /** @param entriesMax objects, similar and observed events to remember */
  constructor(entriesMax: number = correlatorLimits.cacheEntriesMax) {
    this.#memory = new EventMemory(entriesMax)
  }

  /** One that remembers the same, and then goes its own way. */
  copy(): EventCorrelator {
    const copy = new EventCorrelator()
    copy.#memory = this.#memory.copy()
    return copy
  }

  correlate(incoming: Event): CorrelatedEvent {
    const object = objectKeyOf(incoming.involvedObject)
    const said = this.#memory.get(object) ?? nothingSaid
    const atSeconds = Math.floor((parseTime(incoming.lastTimestamp) ?? 0) / 1_000)
    const use = this.#memory.nextUse()

    const known = said.similar.find(({ type, reason }) => type === incoming.type && reason === incoming.reason)
    const { similar, isFlood } = addMessage(known, incoming, { atSeconds, use })
    const event = isFlood ? { ...incoming, message: `(combined from similar events): ${incoming.message}` } : incoming

    const last = said.observed.find(isFlood ? each => isCombined(each, event) : each => isEqual(each, event))
    const observed = observe(last, event, { isFlood, use })

    const { tokens, isTaken } = takeToken(said, atSeconds)
    const similarNow = replace(said.similar, known, similar)
    this.#memory.set(object, { tokens, atSeconds, similar: similarNow, observed: replace(said.observed, last, observed) })
    if (!isTaken) return { action: 'skip' }
    if (last === undefined) return { action: 'create', event }
    const { name, count, firstTimestamp } = observed
    const repeated = { ...event, metadata: { ...event.metadata, name }, firstTimestamp, count }
    return {
      action: 'patch',
      event: repeated,
      patch: { count, lastTimestamp: event.lastTimestamp ?? firstTimestamp, message: event.message ?? '' },
    }
  }
}

/** Without its source, which is the same for all that one correlator sees. */
function objectKeyOf({ kind, namespace, name, uid, apiVersion }: ObjectReference): string {
  return [kind, namespace, name, uid, apiVersion].join('\0')
}

interface Moment {
  atSeconds: number
  use: number
}

/** @returns all similar ones, and whether they are too many to be told one by one */
function addMessage(
  known: SimilarEvents | undefined,
  { type, reason, message = '' }: Event,
  { atSeconds, use }: Moment,
): { similar: SimilarEvents; isFlood: boolean } {
  const isFresh = known === undefined || (atSeconds - known.atSeconds) * 1_000 > correlatorLimits.similarEventsIntervalMs
  const before = isFresh ? [] : [known.messages].flat()
  const messages = before.includes(message) ? before : before.concat(message)
  const isFlood = messages.length >= correlatorLimits.similarEventsMax
  const kept = isFlood ? messages.slice(1) : messages
  return { similar: { type, reason, messages: kept.length === 1 ? kept[0]! : kept, atSeconds, use }, isFlood }
}

function isEqual(observed: ObservedEvent, { type, reason, message = '', involvedObject: { fieldPath } }: Event): boolean {
  return observed.message === message && observed.reason === reason && observed.fieldPath === fieldPath && observed.type === type
}

function isCombined(observed: ObservedEvent, { type, reason }: Event): boolean {
  return observed.message === undefined && observed.reason === reason && observed.type === type
}

function observe(
  last: ObservedEvent | undefined,
  { type, reason, message = '', involvedObject, metadata, ...event }: Event,
  { isFlood, use }: { isFlood: boolean; use: number },
): ObservedEvent {
  if (last !== undefined) return { ...last, count: last.count + 1, use }
  return {
    use,
    type,
    reason,
    fieldPath: isFlood ? undefined : involvedObject.fieldPath,
    message: isFlood ? undefined : message,
    name: metadata.name,
    count: event.count ?? 1,
    firstTimestamp: event.firstTimestamp ?? formatTime(0),
  }
}

function takeToken(last: Pick<SaidAboutObject, 'tokens' | 'atSeconds'>, atSeconds: number): { tokens: number; isTaken: boolean } {
  const { spamBurst, spamRefillMs } = correlatorLimits
  const tokens = Math.min(spamBurst, last.tokens + (Math.max(0, atSeconds - last.atSeconds) * 1_000) / spamRefillMs)
  return tokens >= 1 ? { tokens: tokens - 1, isTaken: true } : { tokens, isTaken: false }
}

/** The newest one comes last. */
function replace<T>(list: readonly T[], old: T | undefined, now: T): readonly T[] {
  return (old === undefined ? list : list.filter(each => each !== old)).concat(now)
}
