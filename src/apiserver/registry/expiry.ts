import type { Clock, Due, Timer } from '#base/clock.ts'
import { StorageError } from '#storage/storage.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Writer } from '../audit/audit-record.ts'
import type { Cacher } from '../cacher/cacher.ts'
import type { ObjectStorage } from '../storage/stored-object.ts'

interface Expiring {
  key: string
  revision: number
  atMs: number
}

export interface ExpiryOptions {
  cacher: Cacher
  storage: ObjectStorage
  audit: AuditLog
  clock: Clock
  ttlMs: number
}

/** What is to be removed, the next first, and when that is looked at. */
export interface ExpiryState {
  queue: readonly Expiring[]
  due: Due | undefined
}

/** Removes a resource's objects a fixed time after their last write. Objects found at the start count as just written. */
export class Expiry implements Disposable {
  readonly #options: ExpiryOptions
  readonly #writer: Writer
  readonly #listener: Disposable
  /** In order of time, since every object lives equally long. */
  #queue: Expiring[]
  #next = 0
  #timer: Timer | undefined
  #isDisposed = false

  /** @param state of one that this one takes the place of */
  constructor(options: ExpiryOptions, state?: ExpiryState) {
    const { cacher, clock, ttlMs } = options
    this.#options = options
    this.#writer = {
      user: { name: 'system:apiserver', groups: [] },
      userAgent: 'kube-apiserver',
      fieldManager: '',
      verb: 'delete',
      subresource: undefined,
      cause: { reason: `its time to live of ${ttlMs / 1_000}s is over` },
      clock,
    }
    this.#queue = [...(state?.queue ?? [])]
    if (state?.due !== undefined) this.#timer = clock.at(state.due, () => this.#removeDue())
    if (state === undefined) for (const { key, revision } of cacher.list(cacher.keyPrefix)) this.#add(key, revision)
    this.#listener = cacher.listen(change => {
      if (change.type !== 'DELETED') this.#add(change.entry.key, change.revision)
    })
  }

  /** A copy. */
  get state(): ExpiryState {
    return { queue: this.#queue.slice(this.#next), due: this.#timer?.due }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer?.cancel()
    this.#listener[Symbol.dispose]()
  }

  #add(key: string, revision: number): void {
    const { clock, ttlMs } = this.#options
    this.#queue.push({ key, revision, atMs: clock.monotonicMs() + ttlMs })
    if (this.#timer === undefined) this.#schedule()
  }

  #schedule(): void {
    this.#timer = undefined
    const due = this.#queue[this.#next]
    if (due === undefined || this.#isDisposed) return
    const { clock } = this.#options
    this.#timer = clock.after(due.atMs - clock.monotonicMs(), () => this.#removeDue())
  }

  #removeDue(): void {
    const { cacher, clock } = this.#options
    const now = clock.monotonicMs()
    for (let due = this.#queue[this.#next]; due !== undefined && due.atMs <= now; due = this.#queue[++this.#next]) {
      const { key, revision } = due
      if (cacher.get(key)?.revision === revision) this.#remove(key, revision).catch(ignoreStorageEnd)
    }
    if (this.#next > 1024 && this.#next > this.#queue.length >>> 1) {
      this.#queue = this.#queue.slice(this.#next)
      this.#next = 0
    }
    this.#schedule()
  }

  async #remove(key: string, revision: number): Promise<void> {
    const write = { key, expectedRevision: revision }
    const { storage, audit } = this.#options
    const result = await storage.commit(write)
    if (result.committed) audit.record(write, result.revision, this.#writer)
  }
}

/** The objects expire again after the next start. */
function ignoreStorageEnd(error: unknown): void {
  if (!(error instanceof StorageError)) throw error
}
