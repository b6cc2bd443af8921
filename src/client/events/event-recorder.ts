import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { isAlreadyExists, isNotFound, StatusError } from '#apimachinery/status/status.ts'
import type { Event, ObjectReference } from '#api/core/v1/types.gen.ts'
import { untilAborted } from '#base/abortable.ts'
import type { Clock, Due, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { shared } from '#base/shared-text.ts'
import { because, type Cause, currentCause } from '../cause.ts'
import type { Client } from '../client.ts'
import { type CorrelatedEvent, EventCorrelator } from './event-correlator.ts'

export type EventType = 'Normal' | 'Warning'

/** Tells people what happened to an object. Never blocks and never fails: an event that cannot be written is dropped with a log line. */
export interface EventRecorder {
  /** @param about the object, or a reference to it (or to a part of it, see `referenceTo`) */
  event(about: KubeObject | ObjectReference, type: EventType, reason: string, message: string): void
}

export interface APIEventRecorderOptions {
  client: Client
  clock: Clock
  random: Random
  log: Logger
  /** Shown as the event's source: `kubelet`, `default-scheduler`, … */
  component: string
  /** Node that the component speaks for. */
  host?: string
}

/** What a recorder has counted, and what it has not written yet. */
export interface RecorderState {
  /** Used by nobody. */
  correlator: EventCorrelator
  sequence: number | undefined
  waiting: readonly RecordedEvent[]
  /** Of the first that waits. */
  failures: number
  /** When that is tried again; undefined: now. */
  retryDue: Due | undefined
}

type WrittenEvent = Exclude<CorrelatedEvent, { action: 'skip' }>

export interface RecordedEvent {
  correlated: WrittenEvent
  cause: Cause | undefined
}

const queuedEventsMax = 1_000
const writeAttemptsMax = 12
const retryDelayMs = 10_000
/** Half of the nanoseconds of a millisecond. */
const sequencesMax = 500_000

/** A reference for `involvedObject`. `fieldPath` names a part, such as `spec.containers{web}`. */
export function referenceTo(object: KubeObject, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata
  return { kind: object.kind, namespace, name, uid, apiVersion: object.apiVersion, resourceVersion, fieldPath }
}

/** Records events as core/v1 Event objects, in the form and with the correlation of client-go's recorder. */
export class APIEventRecorder implements EventRecorder {
  readonly #options: APIEventRecorderOptions
  readonly #correlator: EventCorrelator
  /** Recorded and not written yet, in order; that which is being written, too. */
  readonly #waiting: RecordedEvent[]
  /** How often the first of them could not be written. */
  #failures: number
  /** Of its next try. */
  #retry: Timer | undefined
  /** Of its next try, as the recorder of before had planned it. */
  #retryDue: Due | undefined
  /** Of the run; undefined before. */
  #signal: AbortSignal | undefined
  /** Undefined while there is nothing to write: thousands of recorders are silent most of the time. */
  #writing: Promise<void> | undefined
  /** Recorders begin at different numbers: two may speak of one object in the same millisecond. */
  #sequence: number | undefined

  /** @param state of a recorder that this one takes the place of */
  constructor(options: APIEventRecorderOptions, state?: RecorderState) {
    this.#options = options
    this.#correlator = state?.correlator.copy() ?? new EventCorrelator()
    this.#sequence = state?.sequence
    this.#waiting = [...(state?.waiting ?? [])]
    this.#failures = state?.failures ?? 0
    this.#retryDue = state?.retryDue
  }

  /** A copy. */
  get state(): RecorderState {
    return {
      correlator: this.#correlator.copy(),
      sequence: this.#sequence,
      waiting: this.#waiting.slice(),
      failures: this.#failures,
      retryDue: this.#retry?.due,
    }
  }

  event(about: KubeObject | ObjectReference, type: EventType, reason: string, message: string): void {
    if (this.#waiting.length >= queuedEventsMax) {
      this.#options.log.warn('event dropped, too many wait to be written', { reason, message })
      return
    }
    const reference = 'metadata' in about ? referenceTo(about as KubeObject) : (about as ObjectReference)
    const correlated = this.#correlator.correlate(this.#eventOf(reference, type, reason, message))
    if (correlated.action === 'skip' || this.#signal?.aborted === true) return
    this.#waiting.push({ correlated, cause: currentCause() })
    this.#begin()
  }

  /** Writes what was recorded, in order, until the signal is aborted. Events recorded before `run` wait for it. */
  run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    this.#begin()
    return untilAborted(signal).then(() => this.#writing)
  }

  #begin(): void {
    if (this.#signal !== undefined) this.#writing ??= this.#writeAll(this.#signal)
  }

  async #writeAll(signal: AbortSignal): Promise<void> {
    // Who records an event does not do the work of writing it.
    await Promise.resolve()
    const due = this.#retryDue
    this.#retryDue = undefined
    if (due !== undefined) await this.#pause(due, signal)
    for (let next = this.#waiting[0]; next !== undefined && !signal.aborted; next = this.#waiting[0]) {
      const { correlated, cause } = next
      await because(cause, () => this.#write(correlated, signal))
      this.#waiting.shift()
      this.#failures = 0
    }
    this.#writing = undefined
  }

  #eventOf(about: ObjectReference, type: EventType, reason: string, message: string): Event {
    const { clock, random, component, host } = this.#options
    const nowMs = clock.now()
    const time = formatTime(nowMs)
    // Upstream takes nanoseconds; our clock has milliseconds, and the rest tells events of one millisecond apart.
    this.#sequence = ((this.#sequence ?? Math.floor(random.next() * sequencesMax)) + 1) % sequencesMax
    // A node acts on what was decided elsewhere: by name, which is the order of lists, its events of one millisecond come later.
    const nanoseconds = BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(this.#sequence + (host === undefined ? 0 : sequencesMax))
    const namespace = about.namespace === undefined || about.namespace === '' ? 'default' : about.namespace
    return {
      apiVersion: 'v1',
      kind: 'Event',
      // Made at once: a text of parts would be kept with them as long as the event.
      metadata: { name: [about.name, nanoseconds.toString(16)].join('.'), namespace },
      involvedObject: about,
      reason,
      message: shared(message),
      source: { component, host },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    }
  }

  async #write(correlated: WrittenEvent, signal: AbortSignal): Promise<void> {
    const { random, log } = this.#options
    while (!signal.aborted) {
      try {
        await this.#send(correlated, signal)
        return
      } catch (error) {
        if (signal.aborted || isAlreadyExists(error)) return
        this.#failures++
        // The server understood and refused (namespace terminating, not allowed, …): it would refuse again.
        if (error instanceof StatusError || this.#failures === writeAttemptsMax) {
          log.warn('event not written', { reason: correlated.event.reason, message: correlated.event.message, error })
          return
        }
        // The first delay is random, so that all components do not come back at once after the server was away.
        await this.#pause(this.#failures === 1 ? retryDelayMs * random.next() : retryDelayMs, signal)
      }
    }
  }

  /** Resolves at that time, or when the signal is aborted. */
  #pause(until: number | Due, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    return new Promise(resolve => {
      const end = () => {
        this.#retry?.cancel()
        this.#retry = undefined
        signal.removeEventListener('abort', end)
        resolve()
      }
      if (signal.aborted) return end()
      signal.addEventListener('abort', end, { once: true })
      this.#retry = typeof until === 'number' ? clock.after(until, end) : clock.at(until, end)
    })
  }

  #send(correlated: WrittenEvent, signal: AbortSignal): Promise<unknown> {
    return correlated.action === 'create' ? this.#options.client.create(correlated.event, signal) : this.#patch(correlated, signal)
  }

  async #patch({ event, patch }: Extract<WrittenEvent, { action: 'patch' }>, signal: AbortSignal): Promise<unknown> {
    const { client } = this.#options
    const { name, namespace } = event.metadata
    try {
      return await client.patch({ apiVersion: 'v1', kind: 'Event', namespace, name }, { type: 'strategic', body: patch }, signal)
    } catch (error) {
      // Events live for an hour only: this one is created again, with its count.
      if (!isNotFound(error)) throw error
      return client.create(event, signal)
    }
  }
}

/** Drops everything. */
export const silentEventRecorder: EventRecorder = { event() {} }
