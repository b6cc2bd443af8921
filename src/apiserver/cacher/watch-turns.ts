/** Watches that have much to catch up with do it in turns of the event loop, so that others have theirs. */
export class WatchTurns {
  #underWay = 0

  /** How many watches go on in a turn to come. */
  get underWay(): number {
    return this.#underWay
  }

  /** Calls back in the next turn. */
  take(next: () => void): void {
    this.#underWay++
    setImmediate(() => {
      this.#underWay--
      next()
    })
  }
}
