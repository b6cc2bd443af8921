import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import type { Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import type { Clock, Due, Timer } from '#base/clock.ts'
import type { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import type { Logger } from '#base/log.ts'
import { pause } from '#base/pause.ts'
import { ResumedMap } from '#base/resumed-map.ts'
import { sameJSON } from '#base/same-json.ts'
import { because, type Cause, currentCause } from '#client/cause.ts'
import type { Client } from '#client/client.ts'
import { limits } from './limits.ts'
import { ownedConditionTypes } from './pod/conditions.ts'

export interface StatusManagerOptions {
  client: Client
  clock: Clock
  log: Logger
  signal: AbortSignal
}

interface Entry {
  /** The status to be written, or the last written: the object that the API server has, once we were told of it. */
  wanted: PodStatus
  /** What the API server has, as far as we know. */
  stored: PodStatus
  /** Version of the pod that `stored` comes from. */
  storedVersion: number
  /** The newest version that we were told of. */
  told: Pod
  /** What has to be written to make `wanted` out of `stored`, when these are still the two that were compared. */
  compared: { stored: PodStatus; wanted: PodStatus; patch: StatusPatch } | undefined
  isWriting: boolean
  /** Resolves when the write that was begun is over. */
  written: Promise<void> | undefined
  /** Why the status that waits is another one. */
  cause: Cause | undefined
  /** Runs while a passing status waits. */
  timer: Timer | undefined
  /** Undefined unless the status could not be written. */
  retry: Retry | undefined
}

interface Retry {
  readonly failures: number
  /** Undefined while it is tried again. */
  readonly due: Due | undefined
}

interface EntryState extends Omit<Entry, 'compared' | 'written' | 'timer'> {
  due: Due | undefined
}

/** What was reported, by pod UID. Nobody changes it. */
export type StatusesState = CopyOnWriteMap<string, EntryState>

const retryBaseMs = 200
const retryMaxMs = 10_000

/** Writes the statuses of pods: the newest of a pod wins, one write at a time for each, and none when nothing changed. */
export class StatusManager {
  readonly #options: StatusManagerOptions
  readonly #entries: ResumedMap<string, EntryState, Entry>

  /** @param state of a manager that this one takes the place of: what it was writing is written again */
  constructor(options: StatusManagerOptions, state?: StatusesState) {
    this.#options = options
    this.#entries = new ResumedMap({ resume: (known, uid) => this.#resumed(known, uid), stateOf }, state)
    for (const [uid, { isWriting, due }] of state ?? []) {
      if (isWriting) this.#begin(uid, this.#entries.get(uid)!)
      else if (due !== undefined) this.#entries.get(uid)
    }
  }

  /** A copy. */
  get state(): StatusesState {
    return this.#entries.states
  }

  /** What was reported last, be it written yet or not; undefined for pods whose status was not touched. */
  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.wanted
  }

  /** @param isPassing a better status is about to follow: this one may wait for it a moment */
  set(pod: Pod, status: PodStatus, isPassing = false): void {
    const { uid = '' } = pod.metadata
    let entry = this.#entries.get(uid)
    if (entry === undefined) {
      const stored = pod.status ?? {}
      entry = { wanted: stored, stored, storedVersion: versionOf(pod), told: pod, cause: undefined, ...idle() }
      this.#entries.set(uid, entry)
    }
    entry.told = pod
    // One that is the same stays the same object: there is nothing to compare again.
    if (!sameJSON(entry.wanted, status)) entry.wanted = status
    const cause = currentCause()
    // Looks that bring nothing new follow upon one that did.
    if (entry.cause === undefined || cause?.reason !== undefined) entry.cause = cause
    if (entry.isWriting) return
    // What differs in one that passes is not looked at before it is written, which mostly it never is.
    if (isPassing && entry.wanted !== entry.stored)
      entry.timer ??= this.#options.clock.after(limits.passingStatusMs, () => this.#begin(uid, entry))
    else if (patchOf(entry) === undefined) entry.cause = undefined
    else this.#begin(uid, entry)
  }

  #resumed({ due, retry, ...known }: EntryState, uid: string): Entry {
    const entry: Entry = { ...known, ...idle(), retry }
    if (due !== undefined) entry.timer = this.#options.clock.at(due, () => this.#begin(uid, entry))
    return entry
  }

  #begin(uid: string, entry: Entry): void {
    entry.timer?.cancel()
    entry.timer = undefined
    if (entry.isWriting) return
    entry.isWriting = true
    entry.written = this.#write(uid, entry)
  }

  /** Resolves when the newest status of the pod is stored, or can't be any more. */
  async written(uid: string): Promise<void> {
    const entry = this.#entries.get(uid)
    if (entry?.timer !== undefined) this.#begin(uid, entry)
    await entry?.written
  }

  /** Nothing is written any more: what waited to be leaves no timer. */
  stop(): void {
    for (const { timer } of this.#entries.made()) timer?.cancel()
  }

  forget(uid: string): void {
    this.#entries.get(uid)?.timer?.cancel()
    this.#entries.delete(uid)
  }

  #pause(entry: Entry, failures: number, until: number | Due): Promise<void> {
    const { clock, signal } = this.#options
    return pause(clock, until, signal, due => (entry.retry = { failures, due }))
  }

  async #write(uid: string, entry: Entry): Promise<void> {
    const { client, log, signal } = this.#options
    const resumed = entry.retry
    if (resumed?.due !== undefined) await this.#pause(entry, resumed.failures, resumed.due)
    for (let failures = resumed?.failures ?? 0; this.#entries.get(uid) === entry && !signal.aborted; ) {
      const status = patchOf(entry)
      const { wanted, cause } = entry
      entry.cause = undefined
      if (status === undefined) break
      try {
        const patch = { type: 'strategic', body: { metadata: { uid }, status } } as const
        const { namespace, name } = entry.told.metadata
        const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name }
        const written = await because(cause, () => client.patch<Pod>(ref, patch, signal, { subresource: 'status' }))
        entry.stored = wanted
        entry.compared = undefined
        // The version of before: what came between it and ours shows when we are told of ours.
        entry.storedVersion = Math.max(entry.storedVersion, versionOf(written) - 1)
        failures = 0
      } catch (error) {
        // The pod is no more. With a conflict it may be another one of that name: then ours is forgotten as soon as we are told.
        if (signal.aborted || isNotFound(error)) break
        entry.cause ??= cause
        log.warn('cannot write pod status', { pod: keyOf(entry.told), error })
        const delayMs = Math.min(retryBaseMs * 2 ** failures++, retryMaxMs)
        await this.#pause(entry, failures, delayMs)
      }
    }
    entry.retry = undefined
    // Not a moment later: who sets a status from now on has to begin the next write.
    entry.isWriting = false
    entry.written = undefined
  }
}

function idle(): Pick<Entry, 'compared' | 'isWriting' | 'written' | 'timer' | 'retry'> {
  return { compared: undefined, isWriting: false, written: undefined, timer: undefined, retry: undefined }
}

/** What is to be written; undefined for nothing. */
function patchOf(entry: Entry): StatusPatch | undefined {
  learn(entry)
  const { stored, wanted, compared } = entry
  if (stored === wanted) return undefined
  if (compared?.stored === stored && compared.wanted === wanted) return compared.patch
  const patch = statusPatch(stored, wanted)
  entry.compared = patch && { stored, wanted, patch }
  if (patch === undefined) entry.wanted = stored
  return patch
}

/** Others write here too: the pods of a node that is silent are marked as not ready. */
function learn(entry: Entry): void {
  const version = versionOf(entry.told)
  if (version <= entry.storedVersion) return
  entry.stored = entry.told.status ?? {}
  entry.storedVersion = version
}

/** Versions of one resource are ordered as numbers. */
function versionOf({ metadata }: Pod): number {
  return Number(metadata.resourceVersion ?? 0)
}

const mergedLists = ['podIPs', 'hostIPs'] as const

type StatusPatch = Record<string, unknown>

/** A strategic merge patch from one status to the other; undefined when they are the same. Conditions of others are not touched. */
export function statusPatch(from: PodStatus, to: PodStatus): StatusPatch | undefined {
  if (from === to) return undefined
  const patch: StatusPatch = {}
  const compare = (key: keyof PodStatus) => {
    if (key !== 'conditions' && !sameJSON(from[key], to[key])) patch[key] = to[key] ?? null
  }
  for (const key in from) compare(key as keyof PodStatus)
  for (const key in to) if (!(key in from)) compare(key as keyof PodStatus)
  // These lists would be merged by IP; the whole list is meant.
  for (const key of mergedLists)
    if (Array.isArray(patch[key]) && (from[key]?.length ?? 0) > 0) patch[key] = [{ $patch: 'replace' }, ...(patch[key] as unknown[])]
  const conditions = (to.conditions ?? []).flatMap(condition => {
    const old = from.conditions?.find(({ type }) => type === condition.type)
    if (!ownedConditionTypes.includes(condition.type) || sameJSON(old, condition)) return []
    // Conditions are merged by type: what a condition no longer says has to be taken away.
    const gone = Object.keys(old ?? {}).filter(key => !(key in condition))
    return [{ ...condition, ...Object.fromEntries(gone.map(key => [key, null])) }]
  })
  const dropped = (from.conditions ?? [])
    .filter(({ type }) => ownedConditionTypes.includes(type) && !to.conditions?.some(condition => condition.type === type))
    .map(({ type }) => ({ $patch: 'delete', type }))
  if (conditions.length + dropped.length > 0) patch['conditions'] = [...conditions, ...dropped]
  return Object.keys(patch).length === 0 ? undefined : patch
}

function stateOf({ wanted, stored, storedVersion, told, cause, isWriting, timer, retry }: Entry): EntryState {
  return { wanted, stored, storedVersion, told, cause, isWriting, due: timer?.due, retry }
}
