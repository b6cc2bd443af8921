import type { KeyRange } from '../key-range.ts'
import type { LoadedIndex } from './database.ts'
import type { PackedEvents } from './event-pack.ts'

/** What the worker thread is started with. */
export interface WorkerOptions {
  folder: string
  pages: PageLimits
  /** Counts the requests posted; the worker sleeps on it, whoever posts wakes it up. */
  posted: Int32Array<SharedArrayBuffer>
}

/** How much the worker reads or removes before it looks for new requests. */
export interface PageLimits {
  /** Of values, per message. What a caller keeps of a list keeps the whole message alive, so this is small. */
  bytesMax: number
  /** Rows looked at. */
  rowsMax: number
}

/** To the worker. Those with an `id` are answered by replies with the same `id`. */
export type Request =
  /** The next batch; `missingValues` are the revisions whose values its deletes need, in order. At most one batch is under way. */
  | { kind: 'append'; events: PackedEvents; missingValues: number[] }
  /** The event of a revision that is known to be kept. */
  | { kind: 'at'; id: number; revision: number }
  | { kind: 'get'; id: number; key: string; revision: number }
  | { kind: 'list'; id: number; range: KeyRange; revision: number; limit: number | undefined }
  | { kind: 'history'; id: number; range: KeyRange; afterRevision: number; throughRevision: number }
  | { kind: 'compact'; id: number; revision: number }
  /** Ends the worker after everything asked before. */
  | { kind: 'close' }

/** From the worker. */
export type Reply =
  /** The first one: either this or `refused`. */
  | { kind: 'opened'; index: LoadedIndex }
  | { kind: 'refused'; message: string }
  | { kind: 'appended'; missingValues: Uint8Array[] }
  /** A part of an answer, with more to come. */
  | { kind: 'page'; id: number; events: PackedEvents }
  | { kind: 'answered'; id: number; events?: PackedEvents; remaining?: number }
  /** A read or compaction that the disk refused. */
  | { kind: 'unanswered'; id: number; message: string }
  /** A batch that the disk refused; none of it is visible. */
  | { kind: 'notAppended'; message: string }
