import { newConflict } from '#apimachinery/status/status.ts'

/** What a request wants of the cluster's time: to move it or wait for it, or that it stands still. */
export type TimeClaim = 'moves' | 'stands'

/** Requests that move time, and those that need it to stand, do not go together. Many may move it. */
export class TimeClaims {
  #movers = 0
  #isStill = false

  /** The claim holds until it is disposed. @throws StatusError Conflict */
  claim(wanted: TimeClaim): Disposable {
    const refuse = (cause: string) => newConflict({ group: '', resource: 'clusters' }, '', cause)
    if (this.#isStill) throw refuse('the cluster is being copied or set back by another request')
    if (wanted === 'moves') {
      this.#movers++
      return { [Symbol.dispose]: () => void this.#movers-- }
    }
    if (this.#movers > 0) throw refuse('another request moves time, or waits')
    this.#isStill = true
    return { [Symbol.dispose]: () => void (this.#isStill = false) }
  }
}
