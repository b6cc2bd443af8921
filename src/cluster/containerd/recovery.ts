import { existsSync } from 'node:fs'
import type { Logger } from '#base/log.ts'
import { connectRuntime } from '#cri/remote/connect.ts'
import {
  endHelpers,
  endShim,
  findTraces,
  leaksAmong,
  removeLeaks,
  type RemoveLeaksOptions,
  shimsLeftBehind,
  type Traces,
  viewRuntime,
} from './leaks.ts'

export interface RecoveryOptions extends RemoveLeaksOptions {
  logger: Logger
}

/**
 * Requests of a client that was killed are cancelled, and what they had begun is undone, or forgotten. Which of it is known only after
 * that; to be late harms nothing but the pod that waits for its cgroup to be empty.
 */
const settleMs = 3_000

/** What may have been forgotten by a containerd that was killed, or by one whose client was killed in the middle of a request. */
export class Forgotten {
  readonly #traces: Traces
  readonly #options: RecoveryOptions

  private constructor(traces: Traces, options: RecoveryOptions) {
    this.#traces = traces
    this.#options = options
  }

  /** No containerd runs: nothing changes before the next one does. Undefined when there is nothing. */
  static async beforeStart(options: RecoveryOptions, signal: AbortSignal): Promise<Forgotten | undefined> {
    // Before the first start there was nothing.
    if (!existsSync(options.paths.state)) return undefined
    await endHelpers(options, signal)
    return Forgotten.#find(options)
  }

  /** containerd runs on, and nobody asks it for anything new yet: what is there now was asked for by somebody who is gone. */
  static underContainerd(options: RecoveryOptions): Promise<Forgotten | undefined> {
    return Forgotten.#find(options)
  }

  static async #find(options: RecoveryOptions): Promise<Forgotten | undefined> {
    const traces = await findTraces(options.paths, options.network)
    return traces === undefined ? undefined : new Forgotten(traces, options)
  }

  /**
   * Removes what containerd, which has read its records, does not know. What fails is tried again at the next start.
   * @returns shims that will not end with their sandbox
   */
  async remove(signal: AbortSignal): Promise<Traces['shims']> {
    const { paths, clock, logger } = this.#options
    try {
      using connection = connectRuntime({ socketPath: paths.socket, clock })
      const view = await viewRuntime(connection.runtime, signal)
      const leaks = leaksAmong(this.#traces, view)
      if (Object.values(leaks).every(list => list.length === 0)) return []
      logger.info('removing what containerd has forgotten', { ...leaks })
      await removeLeaks(leaks, this.#options, signal)
      return shimsLeftBehind(this.#traces, leaks, view)
    } catch (error) {
      signal.throwIfAborted()
      logger.warn('cannot remove what containerd has forgotten', { error })
      return []
    }
  }

  /** Ends each shim when nothing runs in its sandbox any more. One whose sandbox went before we listen ends at the next event. */
  async #endWhenIdle(shims: Traces['shims'], signal: AbortSignal): Promise<void> {
    if (shims.length === 0) return
    const { paths, clock } = this.#options
    using connection = connectRuntime({ socketPath: paths.socket, clock })
    let left = shims
    for await (const _ of connection.runtime.containerEvents(signal)) {
      const { busy } = await viewRuntime(connection.runtime, signal)
      for (const { sandboxID, identity } of left) if (!busy.has(sandboxID)) await endShim(identity, clock, signal)
      left = left.filter(({ sandboxID }) => busy.has(sandboxID))
      if (left.length === 0) return
    }
  }

  /** `remove`, when requests under way have come to their end; not at all when the signal is aborted before. */
  removeSoon(signal: AbortSignal): void {
    this.#options.clock
      .sleep(settleMs, signal)
      .then(() => this.remove(signal))
      .then(shims => this.#endWhenIdle(shims, signal))
      .catch(error => {
        if (!signal.aborted) this.#options.logger.error('recovery broke', { error })
      })
  }
}
