import { type Status } from '#apimachinery/status/status.ts'
import { AsyncQueue } from '#base/async-queue.ts'
import { ConnectionLostError, type WatchFrame } from '#client/transport.ts'
import type { ChangeType } from '../cacher/cache-event.ts'
import type { WatchReceiver } from '../cacher/cache-watcher.ts'
import type { Entry } from '../cacher/entry.ts'
import type { WatchForm } from '../request/api-response.ts'

const queuedFramesMax = 4_096

/** A watch whose events wait, as objects, for one asynchronous reader. */
export class QueueReceiver implements WatchReceiver {
  readonly #form: WatchForm
  readonly #queue = new AsyncQueue<WatchFrame>()
  #isFull = false
  /** Called when the reader has caught up after `flush` answered false. */
  onRoom: () => void = () => {}

  constructor(form: WatchForm) {
    this.#form = form
  }

  event(type: ChangeType, entry: Entry): void {
    this.#queue.push({ type, object: this.#form.value(entry) })
  }

  bookmark(revision: number, endsInitialEvents: boolean): void {
    this.#queue.push({ type: 'BOOKMARK', object: this.#form.bookmark(revision, endsInitialEvents) })
  }

  flush(): boolean {
    this.#isFull = this.#queue.size > queuedFramesMax
    return !this.#isFull
  }

  end(error?: Status): void {
    if (error !== undefined) this.#queue.push({ type: 'ERROR', object: error })
    this.#queue.close()
  }

  break(): void {
    this.fail(new ConnectionLostError())
  }

  /** Ends the reading by throwing `reason`. */
  fail(reason: unknown): void {
    this.#queue.close(reason)
  }

  async *frames(): AsyncGenerator<readonly WatchFrame[], void, undefined> {
    for await (const frames of this.#queue.batches()) {
      yield frames
      if (this.#isFull && this.#queue.size === 0) {
        this.#isFull = false
        this.onRoom()
      }
    }
  }
}
