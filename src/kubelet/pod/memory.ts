import type { ImageUser } from '../container/security-context.ts'
import type { BackOff } from './backoff.ts'

export type TerminationCause = 'Deleted' | 'Completed' | 'Rejected' | 'DeadlineExceeded' | 'Evicted'

/** Why and since when a pod must stop. Once set it never goes away; only the grace period may get shorter. */
export interface Termination {
  cause: TerminationCause
  gracePeriodSeconds: number
  sinceMs: number
}

export interface ImageMemory {
  /** What to create the container from; undefined while there is nothing. */
  ref?: string
  user?: ImageUser
  /** Set when the last try failed. */
  failure?: { reason: string; message: string; atMs: number; image: string }
  /** The next try. */
  retryAtMs?: number
}

export interface WaitingMemory {
  reason: string
  message: string
}

/**
 * What the worker of a pod knows beyond the API object and the runtime. Plain JSON; lost in a crash, and nothing breaks by that. Lists and
 * records are replaced, never changed: of most pods they are empty, and then the same for all.
 */
export interface PodMemory {
  /** The API object is gone. */
  removed: boolean
  termination?: Termination
  volumesMounted: boolean
  nodePrepared: boolean
  /** Sandboxes whose network was given back. */
  stoppedSandboxes: readonly string[]
  /** By container name, until the container is created. */
  images: Readonly<Record<string, ImageMemory>>
  /** By container name: why it could not be created or started the last time, or waits after crashes. Forgotten once it is started. */
  waiting: Readonly<Record<string, WaitingMemory>>
  /** By container name: when creating or starting it may be tried again. */
  startRetryAtMs: Readonly<Record<string, number>>
  /** By container name. */
  crashes: Readonly<Record<string, BackOff>>
  /** By container name: failed pulls, and failed creations. */
  imageBackOffs: Readonly<Record<string, BackOff>>
  startBackOffs: Readonly<Record<string, BackOff>>
  /** IDs of containers that were told to stop. */
  killed: readonly string[]
  /** By container ID. */
  probes: Readonly<Record<string, ProbeMemory>>
  /** Keys of the steps under way. */
  inFlight: readonly string[]
  /** Volumes and cgroup of the ended pod are gone. */
  cleaned: boolean
  /** Folders and logs of the removed pod are gone. */
  swept: boolean
  /** The API server was told to delete the object. */
  deleted: boolean
}

/** A copy, which then goes its own way. */
export function copyMemory(memory: PodMemory): PodMemory {
  let { probes } = memory
  for (const [id, probe] of Object.entries(probes)) probes = withEntry(probes, id, { ...probe })
  return { ...memory, probes }
}

/** The record with another entry. */
export function withEntry<T>(record: Readonly<Record<string, T>>, name: string, value: T): Readonly<Record<string, T>> {
  return { __proto__: null, ...record, [name]: value } as unknown as Readonly<Record<string, T>>
}

export function withoutEntry<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  if (!(name in record)) return record
  const { [name]: _, ...others } = record
  return Object.keys(others).length === 0 ? noEntries : ({ __proto__: null, ...others } as unknown as Readonly<Record<string, T>>)
}

export interface ProbeMemory {
  /** The startup probe succeeded, or there is none. */
  started: boolean
  ready: boolean
  /** The probe that says the container must be killed. */
  failed?: 'liveness' | 'startup'
}

/** Shared by all. Without what objects inherit: a container may be called `constructor`. */
export const noEntries: Readonly<Record<string, never>> = Object.freeze(Object.create(null))
export const noNames: readonly string[] = Object.freeze([])

export function emptyMemory(): PodMemory {
  return {
    removed: false,
    volumesMounted: false,
    nodePrepared: false,
    stoppedSandboxes: noNames,
    images: noEntries,
    waiting: noEntries,
    startRetryAtMs: noEntries,
    crashes: noEntries,
    imageBackOffs: noEntries,
    startBackOffs: noEntries,
    killed: noNames,
    probes: noEntries,
    inFlight: noNames,
    cleaned: false,
    swept: false,
    deleted: false,
  }
}
