import type { WatchReceiver } from '../cacher/cache-watcher.ts'
import type { FrameForm } from '../cacher/cache-event.ts'

/** An answer, however it goes out. */
export interface APIResponse {
  status: number
  body: ResponseBody
  /** Besides Content-Type, Audit-Id and Warning. */
  headers?: Record<string, string>
  /** Texts for `Warning` headers. */
  warnings?: readonly string[]
  auditID?: string
}

export type ResponseBody = ValueBody | ChunkedBody | WatchBody | TakenBody | LostBody

/** One value, in bytes or decoded, whichever is asked for. */
export interface ValueBody {
  type: 'value'
  contentType: string
  bytes(): Uint8Array
  /** Shared: never change it. */
  value(): unknown
}

/** A big answer in pieces. */
export interface ChunkedBody {
  type: 'chunked'
  contentType: string
  /**
   * Pieces of a few hundred kilobytes; each is made when asked for, in a buffer of at least the size asked for, which is free again when
   * the piece has been sent.
   */
  chunks(allocate: (bytes: number) => Buffer): Iterable<Uint8Array>
  value(): unknown
}

export interface WatchBody {
  type: 'watch'
  contentType: string
  form: WatchForm
  /** Frames of `form` are the same for all who watch in this form. */
  sharesFrames: boolean
  /** Starts the watch: the receiver is called at once, and until the answer is called or the receiver told the end. */
  start(receiver: WatchReceiver): ActiveWatch
}

export interface ActiveWatch {
  /** The receiver has room again after `flush` answered false. */
  resume(): void
  /** Idempotent. */
  end(): void
}

/** The endpoint answers by itself on the connection. */
export interface TakenBody {
  type: 'taken'
  done: Promise<void>
}

/** No answer: the connection breaks. */
export interface LostBody {
  type: 'lost'
}

/** How a watch's events look in bytes and decoded. */
export interface WatchForm extends FrameForm {
  bookmarkFrame(revision: number, endsInitialEvents: boolean): Buffer
  errorFrame(status: unknown): Buffer
  /** The decoded object of an event. */
  value(entry: import('../cacher/entry.ts').Entry): unknown
  bookmark(revision: number, endsInitialEvents: boolean): unknown
}

export function lostResponse(): APIResponse {
  return { status: 0, body: { type: 'lost' } }
}

/** A JSON value that is not an object of a resource: Status, discovery. */
export function jsonBody(value: unknown, contentType = 'application/json'): ValueBody {
  return { type: 'value', contentType, bytes: () => Buffer.from(JSON.stringify(value)), value: () => value }
}

export function textBody(text: string, contentType = 'text/plain; charset=utf-8'): ValueBody {
  return { type: 'value', contentType, bytes: () => Buffer.from(text), value: () => text }
}
