import type { Clock, Timer } from '#base/clock.ts'
import { type Storage, StorageError } from '#storage/storage.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Writer } from '../audit/audit-record.ts'
import type { Cacher } from '../cacher/cacher.ts'

interface Due {
  key: string
  revision: number
  atMs: number
}

export interface ExpiryOptions {
  cacher: Cacher
  storage: Storage
  audit: AuditLog
  clock: Clock
  ttlMs: number
}

/** Removes a resource's objects a fixed time after their last write. Objects found at the start count as just written. */
export class Expiry implements Disposable {
  readonly #cacher: Cacher
  readonly #storage: Storage
  readonly #audit: AuditLog
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #writer: Writer
  readonly #listener: Disposable
  /** In order of time, since every object lives equally long. */
  #queue: Due[] = []
  #next = 0
  #timer: Timer | undefined
  #isDisposed = false

  constructor({ cacher, storage, audit, clock, ttlMs }: ExpiryOptions) {
    this.#cacher = cacher
    this.#storage = storage
    this.#audit = audit
    this.#clock = clock
    this.#ttlMs = ttlMs
    this.#writer = {
      user: { name: 'system:apiserver', groups: [] },
      userAgent: 'kube-apiserver',
      fieldManager: '',
      verb: 'delete',
      subresource: undefined,
      cause: { reason: `its time to live of ${ttlMs / 1_000}s is over` },
      clock,
    }
    for (const { key, revision } of cacher.list(cacher.keyPrefix)) this.#add(key, revision)
    this.#listener = cacher.listen(change => {
      if (change.type !== 'DELETED') this.#add(change.entry.key, change.revision)
    })
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer?.cancel()
    this.#listener[Symbol.dispose]()
  }

  #add(key: string, revision: number): void {
    this.#queue.push({ key, revision, atMs: this.#clock.monotonicMs() + this.#ttlMs })
    if (this.#timer === undefined) this.#schedule()
  }

  #schedule(): void {
    this.#timer = undefined
    const due = this.#queue[this.#next]
    if (due === undefined || this.#isDisposed) return
    this.#timer = this.#clock.after(due.atMs - this.#clock.monotonicMs(), () => this.#removeDue())
  }

  #removeDue(): void {
    const now = this.#clock.monotonicMs()
    for (let due = this.#queue[this.#next]; due !== undefined && due.atMs <= now; due = this.#queue[++this.#next]) {
      const { key, revision } = due
      if (this.#cacher.get(key)?.revision === revision) this.#remove(key, revision).catch(ignoreStorageEnd)
    }
    if (this.#next > 1024 && this.#next > this.#queue.length >>> 1) {
      this.#queue = this.#queue.slice(this.#next)
      this.#next = 0
    }
    this.#schedule()
  }

  async #remove(key: string, revision: number): Promise<void> {
    const write = { key, expectedRevision: revision }
    const result = await this.#storage.commit(write)
    if (result.committed) this.#audit.record(write, result.revision, this.#writer)
  }
}

/** The objects expire again after the next start. */
function ignoreStorageEnd(error: unknown): void {
  if (!(error instanceof StorageError)) throw error
}
