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

/** What the worker of a pod knows beyond the API object and the runtime. Plain JSON; lost in a crash, and nothing breaks by that. */
export interface PodMemory {
  /** The API object is gone. */
  removed: boolean
  termination?: Termination
  volumesMounted: boolean
  nodePrepared: boolean
  /** Sandboxes whose network was given back. */
  stoppedSandboxes: string[]
  /** By container name, until the container is created. */
  images: Record<string, ImageMemory>
  /** By container name: why it could not be created or started the last time, or waits after crashes. Forgotten once it is started. */
  waiting: Record<string, WaitingMemory>
  /** By container name: when creating or starting it may be tried again. */
  startRetryAtMs: Record<string, number>
  /** By container name. */
  crashes: Record<string, BackOff>
  /** By container name: failed pulls, and failed creations. */
  imageBackOffs: Record<string, BackOff>
  startBackOffs: Record<string, BackOff>
  /** IDs of containers that were told to stop. */
  killed: string[]
  /** By container ID. */
  probes: Record<string, ProbeMemory>
  /** Keys of the steps under way. */
  inFlight: string[]
  /** Volumes and cgroup of the ended pod are gone. */
  cleaned: boolean
  /** Folders and logs of the removed pod are gone. */
  swept: boolean
  /** The API server was told to delete the object. */
  deleted: boolean
}

/** A copy, which then goes its own way. */
export function copyMemory(memory: PodMemory): PodMemory {
  const probes = Object.fromEntries(Object.entries(memory.probes).map(([id, probe]) => [id, { ...probe }]))
  return {
    ...memory,
    stoppedSandboxes: [...memory.stoppedSandboxes],
    images: { ...memory.images },
    waiting: { ...memory.waiting },
    startRetryAtMs: { ...memory.startRetryAtMs },
    crashes: { ...memory.crashes },
    imageBackOffs: { ...memory.imageBackOffs },
    startBackOffs: { ...memory.startBackOffs },
    killed: [...memory.killed],
    probes,
    inFlight: [...memory.inFlight],
  }
}

export interface ProbeMemory {
  /** The startup probe succeeded, or there is none. */
  started: boolean
  ready: boolean
  /** The probe that says the container must be killed. */
  failed?: 'liveness' | 'startup'
}

export function emptyMemory(): PodMemory {
  return {
    removed: false,
    volumesMounted: false,
    nodePrepared: false,
    stoppedSandboxes: [],
    images: {},
    waiting: {},
    startRetryAtMs: {},
    crashes: {},
    imageBackOffs: {},
    startBackOffs: {},
    killed: [],
    probes: {},
    inFlight: [],
    cleaned: false,
    swept: false,
    deleted: false,
  }
}
