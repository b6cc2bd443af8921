import { assert } from '#base/assert.ts'
import type { Write } from '#storage/storage.ts'
import type { AuditFile } from './audit-file.ts'
import { type AuditRecord, auditRecordOf, type Writer } from './audit-record.ts'
import { auditLimits } from './limits.ts'
import { StringPool } from './string-pool.ts'

export interface AuditLogOptions {
  recordsMax?: number
  /** Keeps what is recorded for later processes. */
  file?: AuditFile | undefined
  /** Of the storage as it was found: what the file says of later writes is of a life that never was. */
  foundRevision?: number
}

const pageRecords = 512

/**
 * What was written last, by revision. Every write of a store has a revision of its own, one after the other: so the record of a revision has a
 * fixed place, that of the one so many revisions before.
 */
export class AuditLog implements AsyncDisposable {
  readonly #recordsMax: number
  /** So many records each; one without records is not there. */
  #pages: (AuditRecord | undefined)[][] = []
  readonly #strings = new StringPool(auditLimits.stringsMax)
  readonly #file: AuditFile | undefined
  readonly #foundRevision: number
  #recalled: Promise<void> | undefined
  #newestRevision = 0

  constructor({ recordsMax = auditLimits.recordsMax, file, foundRevision = 0 }: AuditLogOptions = {}) {
    assert(recordsMax > 0, 'an audit log has room for a record')
    this.#recordsMax = recordsMax
    this.#file = file
    this.#foundRevision = foundRevision
  }

  /** A log with what this process has recorded and still knows, which then goes its own way, without a file. */
  copy(): AuditLog {
    const copy = new AuditLog({ recordsMax: this.#recordsMax })
    copy.#pages = this.#pages.map(page => [...page])
    copy.#newestRevision = this.#newestRevision
    return copy
  }

  /**
   * Records a write that was committed at `revision`.
   * @param asksDeletion the object is marked for deletion with it
   */
  record(write: Write<unknown>, revision: number, by: Writer, asksDeletion = false): void {
    const record = auditRecordOf(write, revision, by, asksDeletion)
    this.add(record)
    this.#file?.append(record)
  }

  /** Takes in what earlier processes recorded. Costs time when it is called first: so whoever asks does, and not the start. */
  async recall(): Promise<void> {
    this.#recalled ??= this.#recall()
    await this.#recalled
  }

  /** Writes to disk what is not there yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]()
  }

  async #recall(): Promise<void> {
    const records = (await this.#file?.read()) ?? []
    for (const record of records) if (record.revision <= this.#foundRevision) this.add(record)
  }

  /** Takes in a record that was made before, unless its place is taken by a newer one. */
  add(record: AuditRecord): void {
    const { revision } = record
    const place = revision % this.#recordsMax
    const page = (this.#pages[Math.floor(place / pageRecords)] ??= [])
    if ((page[place % pageRecords]?.revision ?? 0) > revision) return
    // Every request brings strings of its own.
    record.user = this.#strings.of(record.user)
    record.userAgent = this.#strings.of(record.userAgent)
    record.fieldManager = this.#strings.of(record.fieldManager)
    page[place % pageRecords] = record
    if (revision > this.#newestRevision) this.#newestRevision = revision
  }

  /** Undefined when it was not recorded, or is forgotten. */
  get(revision: number): AuditRecord | undefined {
    const place = revision % this.#recordsMax
    const record = this.#pages[Math.floor(place / pageRecords)]?.[place % pageRecords]
    return record?.revision === revision ? record : undefined
  }

  *newestFirst(): Generator<AuditRecord, void, undefined> {
    const oldest = Math.max(1, this.#newestRevision - this.#recordsMax + 1)
    for (let revision = this.#newestRevision; revision >= oldest; revision--) {
      const record = this.get(revision)
      if (record !== undefined) yield record
    }
  }

  /** The oldest record that is still there. */
  get oldest(): AuditRecord | undefined {
    return this.firstFrom(0)
  }

  /** The oldest record of that revision or a later one. */
  firstFrom(lowest: number): AuditRecord | undefined {
    const first = Math.max(1, lowest, this.#newestRevision - this.#recordsMax + 1)
    for (let revision = first; revision <= this.#newestRevision; revision++) {
      const record = this.get(revision)
      if (record !== undefined) return record
    }
    return undefined
  }

  /** The last write at that time or before; undefined when none is recorded. */
  lastAt(timeMs: number): AuditRecord | undefined {
    for (const record of this.newestFirst()) if (record.timeMs <= timeMs) return record
    return undefined
  }
}
