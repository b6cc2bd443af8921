import type { Clock } from '#base/clock.ts'
import { Delays } from '#base/delays.ts'
import { type Fault, FaultRules, type Occurrences } from '#base/fault-rules.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { requireMilliseconds, requireOneOf } from '#base/known-fields.ts'
import type { Storage } from '#storage/storage.ts'
import { type APIRequest, withQuery } from '../request/api-request.ts'
import type { APIResponse } from '../request/api-response.ts'
import { type Failure, newFailure, requireFailure } from './failure.ts'
import { type FaultableRequest, fitsRequest, type RequestPattern, requireRequestPattern } from './request-pattern.ts'
import { staleQuery } from './stale-query.ts'

/** `before`: the request is never done (default); `after`: it is done, and the client is told something else. */
export interface Moment {
  when?: 'before' | 'after'
}

export interface RequestFaultsOptions {
  clock: Clock
  /** Tells which revisions there are. */
  storage: Pick<Storage, 'revision' | 'compactedRevision'>
}

type Effect =
  | { type: 'delay'; when: 'before' | 'after'; delayMs: number }
  | { type: 'fail'; when: 'before' | 'after'; error: (request: FaultableRequest) => Error }
  /** `behind` so many revisions, or that of the moment when it was ordered. */
  | { type: 'stale'; when: 'before'; behind: number | undefined; orderedAt: number }

/** What is ordered. */
export type RequestFaultsState = FaultRules<FaultableRequest, Effect>

type Serve = (request: APIRequest) => Promise<APIResponse> | APIResponse

/** What goes wrong with requests that were let in, each as a whole. Every order can be taken back by disposing what it returns. */
export class RequestFaults {
  readonly #options: RequestFaultsOptions
  readonly #rules: RequestFaultsState
  /** Of requests of this process, and of others. */
  readonly #delays: { own: Delays; foreign: Delays }

  /** @param state of the faults of a server whose place is taken */
  constructor(options: RequestFaultsOptions, state?: RequestFaultsState) {
    this.#options = options
    this.#rules = state?.copy() ?? new FaultRules()
    this.#delays = { own: new Delays(options.clock), foreign: new Delays(options.clock) }
  }

  /** A copy. What is delayed now is not in it: whoever asks again is served. */
  get state(): RequestFaultsState {
    return this.#rules.copy()
  }

  /** See `FaultRules.find`. */
  find(fault: Fault): Fault | undefined {
    return this.#rules.find(fault)
  }

  get isEmpty(): boolean {
    return this.#rules.isEmpty
  }

  /** Requests of this process that are delayed now. */
  get waiting(): number {
    return this.#delays.own.waiting
  }

  /** Requests are answered with a failure: 409, 410, 429 (with `retryAfterSeconds`), 500, 503, 504, or any other Status. */
  fail(
    requests: RequestPattern,
    failure: Failure,
    { when = 'before', retryAfterSeconds = 1, ...occurrences }: Occurrences & Moment & { retryAfterSeconds?: number } = {},
  ): Fault {
    requireFailure(failure)
    return this.#add(requests, { type: 'fail', when, error: ({ info }) => newFailure(failure, info, retryAfterSeconds) }, occurrences)
  }

  /** The connection breaks and no answer comes. */
  disconnect(requests: RequestPattern, { when = 'before', ...occurrences }: Occurrences & Moment = {}): Fault {
    return this.#add(requests, { type: 'fail', when, error: () => new ConnectionLostError() }, occurrences)
  }

  /** Requests wait before they are done, or their answers do. */
  delay(requests: RequestPattern, delayMs: number, { when = 'before', ...occurrences }: Occurrences & Moment = {}): Fault {
    return this.#add(requests, { type: 'delay', when, delayMs }, occurrences)
  }

  /**
   * `get` and `list` show the state of before: `behind` so many revisions, or at the moment of this call. Reads that ask for an exact
   * revision get it, those that ask for one not older than what they know get at least that.
   */
  serveStale(reads: RequestPattern, { behind, ...occurrences }: Occurrences & { behind?: number } = {}): Fault {
    const orderedAt = this.#options.storage.revision
    const where = (request: FaultableRequest) => isRead(request) && (reads.where?.(request) ?? true)
    return this.#add({ ...reads, where }, { type: 'stale', when: 'before', behind, orderedAt }, occurrences)
  }

  /** Nothing more is ordered; what is delayed goes on now. */
  clear(): void {
    this.#rules.clear()
    this.#delays.own.release()
    this.#delays.foreign.release()
  }

  /** Serves a request with what happens to it. @throws StatusError, ConnectionLostError, and whatever `serve` throws */
  async serve(request: FaultableRequest, apiRequest: APIRequest, serve: Serve): Promise<APIResponse> {
    const effects = this.#rules.due(request)
    let query = apiRequest.query
    for (const effect of effects) {
      if (effect.type === 'stale') query = staleQuery(query, this.#revisionOf(effect))
      else if (effect.when === 'before') await this.#happen(effect, request, apiRequest)
    }
    try {
      return await serve(query === apiRequest.query ? apiRequest : withQuery(apiRequest, query))
    } finally {
      for (const effect of effects) if (effect.when === 'after') await this.#happen(effect, request, apiRequest)
    }
  }

  #revisionOf({ behind, orderedAt }: Extract<Effect, { type: 'stale' }>): number {
    const { storage } = this.#options
    return Math.max(behind === undefined ? orderedAt : storage.revision - behind, storage.compactedRevision, 1)
  }

  async #happen(effect: Exclude<Effect, { type: 'stale' }>, request: FaultableRequest, { user, signal }: APIRequest): Promise<void> {
    if (effect.type === 'fail') throw effect.error(request)
    const delays = user === undefined ? this.#delays.foreign : this.#delays.own
    try {
      await delays.sleep(effect.delayMs, signal)
    } catch (error) {
      // Nobody waits for the answer any more.
      throw new ConnectionLostError({ cause: error })
    }
  }

  #add(requests: RequestPattern, effect: Effect, occurrences: Occurrences): Fault {
    requireRequestPattern(requests)
    requireOneOf('when', effect.when, ['before', 'after'])
    if (effect.type === 'delay') requireMilliseconds('a delay in milliseconds', effect.delayMs)
    return this.#rules.add(request => fitsRequest(requests, request), effect, occurrences)
  }
}

function isRead({ info }: FaultableRequest): boolean {
  return info.isResourceRequest && info.subresource === '' && (info.verb === 'get' || info.verb === 'list')
}
