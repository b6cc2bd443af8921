import type { Writable } from 'node:stream'
import type { Status } from '#apimachinery/status/status.ts'
import type { CacheEvent, ChangeType } from '../cacher/cache-event.ts'
import type { WatchReceiver } from '../cacher/cache-watcher.ts'
import type { Entry } from '../cacher/entry.ts'
import type { WatchBody } from '../request/api-response.ts'

/** A watch that is written to a stream as frames of bytes. */
export class WritableReceiver implements WatchReceiver {
  readonly #writable: Writable
  readonly #body: WatchBody
  #pending: Buffer[] = []

  constructor(writable: Writable, body: WatchBody) {
    this.#writable = writable
    this.#body = body
  }

  event(type: ChangeType, entry: Entry, change: CacheEvent | undefined): void {
    const { form, sharesFrames } = this.#body
    this.#pending.push(change !== undefined && sharesFrames ? change.frame(form, type) : form.frame(type, entry))
  }

  bookmark(revision: number, endsInitialEvents: boolean): void {
    this.#pending.push(this.#body.form.bookmarkFrame(revision, endsInitialEvents))
  }

  flush(): boolean {
    const writable = this.#writable
    const pending = this.#pending
    if (writable.destroyed || writable.writableEnded) return false
    if (pending.length > 0) {
      writable.write(join(pending))
      this.#pending = []
    }
    return !writable.writableNeedDrain
  }

  end(error?: Status): void {
    if (error !== undefined) this.#pending.push(this.#body.form.errorFrame(error))
    this.flush()
    this.#writable.end()
  }

  break(): void {
    this.#writable.destroy(new Error('the connection was lost'))
  }
}

let lastParts: readonly Buffer[] = []
let lastJoined: Buffer = Buffer.alloc(0)

/** Frames as one buffer: the same one for watches that are sent the same frames one after the other. */
function join(parts: readonly Buffer[]): Buffer {
  if (parts.length === 1) return parts[0]!
  const isSame = parts.length === lastParts.length && parts.every((part, index) => part === lastParts[index])
  if (!isSame) {
    lastParts = parts
    lastJoined = Buffer.concat(parts)
  }
  return lastJoined
}

/** Runs a watch on a stream whose headers were sent. */
export function pipeWatch(body: WatchBody, writable: Writable): void {
  const watch = body.start(new WritableReceiver(writable, body))
  writable.on('drain', () => watch.resume())
  writable.on('close', () => watch.end())
  if (writable.destroyed) watch.end()
}
