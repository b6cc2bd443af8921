import { StatusError } from '#apimachinery/status/status.ts'
import type { ClusterClient, LogOptions, PodRef } from '#cluster/cluster-client.ts'

/** What a container logs, as it is written. */
export class LogTail implements Disposable {
  /** What has been read of the present instance. */
  text = ''
  readonly #follow: () => AsyncIterable<string>
  readonly #end = new AbortController()
  readonly #onText: () => void
  #isOpen = false
  #failure: unknown

  constructor({ client, pod, options, onText }: { client: ClusterClient; pod: PodRef; options: LogOptions; onText: () => void }) {
    this.#follow = () => client.followLogs(pod, { ...options, signal: this.#end.signal })
    this.#onText = onText
  }

  /** Follows the container that runs now, if nobody does already. @throws what made following fail */
  open(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#isOpen) this.#read().catch(error => (this.#failure = error))
  }

  [Symbol.dispose](): void {
    this.#end.abort(new Error('nobody reads on'))
  }

  async #read(): Promise<void> {
    this.#isOpen = true
    try {
      let text = ''
      for await (const chunk of this.#follow()) {
        text += chunk
        this.text = text
        this.#onText()
      }
    } catch (error) {
      // A container that has not started has no log yet.
      if (!this.#end.signal.aborted && !(error instanceof StatusError)) throw error
    } finally {
      this.#isOpen = false
    }
  }
}
