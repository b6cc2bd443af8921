import { AsyncQueue } from '#base/async-queue.ts'
import type { RuntimeEvent, RuntimeEventType } from '../cri.ts'
import { CRIError } from '../error.ts'

/** Who listens to the events of a node. */
export class EventStreams {
  #queues: readonly AsyncQueue<RuntimeEvent>[] = []
  /** So many of the next events get lost. */
  #toDrop = 0
  #held: RuntimeEvent[] | undefined

  emit(type: Exclude<RuntimeEventType, 'Subscribed'>, containerID: string, { id, uid }: { id: string; uid: string }): void {
    if (this.#queues.length === 0) return
    if (this.#toDrop > 0) {
      this.#toDrop--
      return
    }
    const event: RuntimeEvent = { type, containerID, podSandboxID: id, podUID: uid }
    if (this.#held !== undefined) this.#held.push(event)
    else for (const queue of this.#queues) queue.push(event)
  }

  /** Events wait until `resume`. */
  pause(): void {
    this.#held ??= []
  }

  resume(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const event of held) for (const queue of this.#queues) queue.push(event)
  }

  drop(count: number): void {
    this.#toDrop += count
  }

  /** Ends all streams, as a connection that breaks. */
  break(): void {
    for (const queue of this.#queues) queue.close(new CRIError('Unavailable', 'error reading from server: EOF'))
    this.#queues = []
    if (this.#held !== undefined) this.#held = []
  }

  async *subscribe(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    signal.throwIfAborted()
    const queue = new AsyncQueue<RuntimeEvent>()
    const onAbort = () => queue.close(signal.reason)
    this.#queues = [...this.#queues, queue]
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      yield { type: 'Subscribed', containerID: '', podSandboxID: '', podUID: '' }
      yield* queue
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#queues = this.#queues.filter(each => each !== queue)
    }
  }
}
